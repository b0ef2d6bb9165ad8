package io.gonext.host.manifest;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import com.networknt.schema.regex.RegularExpression;
import java.util.regex.MatchResult;

/**
 * A regular expression of a stranger: it matches in time linear in the text (RE2), and its program
 * is small.
 */
final class LinearPattern {
  private static final int MAX_LENGTH = 512;

  /** Counted repetitions are written out in the program, one inside another. */
  private static final long MAX_REPETITIONS = 1_000;

  private static final java.util.regex.Pattern REPETITION =
      java.util.regex.Pattern.compile("\\{(\\d{1,9})(?:,(\\d{0,9}))?\\}");

  private LinearPattern() {}

  /**
   * As the validator takes it: a match anywhere in the text counts.
   *
   * @throws IllegalArgumentException if it is not an expression that this class accepts; the
   *     message says why
   */
  static RegularExpression of(String pattern) {
    if (pattern.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("it has more than " + MAX_LENGTH + " characters");
    }
    if (repetitions(pattern) > MAX_REPETITIONS) {
      throw new IllegalArgumentException(
          "its counts in braces, multiplied, are more than " + MAX_REPETITIONS);
    }
    try {
      Pattern compiled = Pattern.compile(pattern);
      return text -> compiled.matcher(text).find();
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "RE2 does not accept it: "
              + e.getDescription()
              + " (RE2 has no look-around and no back-references)",
          e);
    }
  }

  private static long repetitions(String pattern) {
    long product = 1;
    for (MatchResult found : REPETITION.matcher(pattern).results().toList()) {
      String most =
          found.group(2) == null || found.group(2).isEmpty() ? found.group(1) : found.group(2);
      product =
          Math.min(Long.MAX_VALUE / 1_000_000_000, product * Math.max(1, Long.parseLong(most)));
    }
    return product;
  }
}
