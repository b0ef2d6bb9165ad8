package io.gonext.host.manifest;

import java.util.regex.Pattern;
import org.semver4j.Semver;

/**
 * A range of versions as npm writes them: {@code ^1.2}, {@code ~1.4}, {@code >=1 <2}, {@code 1.x},
 * {@code 1.2 - 1.4}, alternatives with {@code ||}. The library that evaluates them drops what it
 * does not understand, so what is no range is found here.
 */
public record VersionRange(String text) {
  /** Longest range, in characters. */
  static final int MAX_LENGTH = 128;

  private static final String PARTIAL =
      "v?([0-9]+|[xX*])(\\.([0-9]+|[xX*])(\\.([0-9]+|[xX*])(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?)?)?";

  private static final Pattern COMPARATORS =
      Pattern.compile(
          "(?:(?:<=?|>=?|=|\\^|~>?)?\\s*"
              + PARTIAL
              + ")(?:\\s+(?:<=?|>=?|=|\\^|~>?)?\\s*"
              + PARTIAL
              + ")*+");

  private static final Pattern HYPHEN = Pattern.compile(PARTIAL + "\\s+-\\s+" + PARTIAL);

  /**
   * Checks that the text is a range.
   *
   * @throws IllegalArgumentException when it is none
   */
  public VersionRange {
    if (!isRange(text)) {
      throw new IllegalArgumentException(text + " is no range of versions");
    }
  }

  static boolean isRange(String text) {
    if (text.length() > MAX_LENGTH) {
      return false;
    }
    for (String alternative : text.split("\\|\\|", -1)) {
      String range = alternative.strip();
      if (!HYPHEN.matcher(range).matches() && !COMPARATORS.matcher(range).matches()) {
        return false;
      }
    }
    return true;
  }

  /** Whether a version lies in the range. */
  public boolean contains(Semver version) {
    return version.satisfies(text);
  }
}
