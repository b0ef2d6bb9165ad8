package io.gonext.host.manifest;

import io.gonext.engine.PlainText;
import java.math.BigInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version after Semantic Versioning 2.0.0. Its numbers may have any number of digits. Immutable.
 *
 * @param prerelease identifiers joined by dots, without the hyphen; empty for a release
 * @param build identifiers joined by dots, without the plus sign; empty where there are none
 */
public record Version(
    BigInteger major, BigInteger minor, BigInteger patch, String prerelease, String build) {
  /** Longest version, in characters. */
  public static final int MAX_LENGTH = 256;

  /** A number without leading zeros. */
  static final String NUMBER = "(?:0|[1-9][0-9]*)";

  private static final String IDENTIFIER = "(?:[0-9]*[A-Za-z-][0-9A-Za-z-]*|" + NUMBER + ")";

  /** What follows the hyphen. */
  static final String PRERELEASE = IDENTIFIER + "(?:\\." + IDENTIFIER + ")*";

  /** The plus sign and what follows it. */
  static final String BUILD = "\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";

  private static final Pattern SYNTAX =
      Pattern.compile(
          "(N)\\.(N)\\.(N)(?:-(P))?(B)?"
              .replace("N", NUMBER)
              .replace("(P)", "(" + PRERELEASE + ")")
              .replace("(B)", "(" + BUILD + ")"));

  /**
   * Reads a version, which nothing may stand before or behind.
   *
   * @throws IllegalArgumentException when the text is not a version
   */
  public static Version parse(String text) {
    Matcher parts = SYNTAX.matcher(text);
    if (text.length() > MAX_LENGTH || !parts.matches()) {
      throw new IllegalArgumentException(
          PlainText.of(text, MAX_LENGTH)
              + " is not a version after Semantic Versioning 2.0.0, such as 1.0.0");
    }
    String build = parts.group(5);
    return new Version(
        new BigInteger(parts.group(1)),
        new BigInteger(parts.group(2)),
        new BigInteger(parts.group(3)),
        parts.group(4) == null ? "" : parts.group(4),
        build == null ? "" : build.substring(1));
  }

  /** The version without prerelease and build. */
  public Version release() {
    return new Version(major, minor, patch, "", "");
  }

  boolean isPrerelease() {
    return !prerelease.isEmpty();
  }

  /** Whether both have the same major, minor and patch number. */
  boolean hasNumbersOf(Version other) {
    return major.equals(other.major) && minor.equals(other.minor) && patch.equals(other.patch);
  }

  /**
   * Compares by precedence, as section 11 of Semantic Versioning defines it. Builds have none, so 0
   * does not mean that two versions are equal.
   *
   * @return negative, 0 or positive, as this version is before, beside or after the other
   */
  public int precedence(Version other) {
    int order = major.compareTo(other.major);
    order = order == 0 ? minor.compareTo(other.minor) : order;
    order = order == 0 ? patch.compareTo(other.patch) : order;
    if (order != 0 || prerelease.equals(other.prerelease)) {
      return order;
    }
    // A release comes after its prereleases.
    if (!isPrerelease() || !other.isPrerelease()) {
      return isPrerelease() ? -1 : 1;
    }
    String[] mine = prerelease.split("\\.", -1);
    String[] theirs = other.prerelease.split("\\.", -1);
    for (int i = 0; i < Math.min(mine.length, theirs.length); i++) {
      int identifier = precedence(mine[i], theirs[i]);
      if (identifier != 0) {
        return identifier;
      }
    }
    return Integer.compare(mine.length, theirs.length);
  }

  private static int precedence(String mine, String theirs) {
    boolean number = isNumber(mine);
    if (number != isNumber(theirs)) {
      return number ? -1 : 1;
    }
    // Without leading zeros, the longer number is the larger one.
    return number && mine.length() != theirs.length()
        ? Integer.compare(mine.length(), theirs.length())
        : mine.compareTo(theirs);
  }

  private static boolean isNumber(String identifier) {
    return identifier.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /** The version as it was written. */
  @Override
  public String toString() {
    return major
        + "."
        + minor
        + "."
        + patch
        + (prerelease.isEmpty() ? "" : "-" + prerelease)
        + (build.isEmpty() ? "" : "+" + build);
  }
}
