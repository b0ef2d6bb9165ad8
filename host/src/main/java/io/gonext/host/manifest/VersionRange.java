package io.gonext.host.manifest;

import io.gonext.engine.PlainText;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A range of versions with the grammar and the meaning that npm's {@code semver} 7.8 gives it when
 * it is not loose: {@code ^1.2}, {@code ~1.4}, {@code >=1 <2}, {@code 1.x}, {@code 1.2 - 1.4},
 * alternatives with {@code ||}. Immutable.
 *
 * <p>A prerelease is in the range only where a comparator of the same alternative names a
 * prerelease of the same three numbers: {@code ^1.2.3-beta.2} holds {@code 1.2.3-beta.4}, but not
 * {@code 1.3.0-beta.1}.
 *
 * <p>Numbers may have any number of digits: npm refuses those beyond 2^53. In return a range is at
 * most {@value #MAX_LENGTH} characters long.
 */
public final class VersionRange {
  /** Longest range, in characters. */
  public static final int MAX_LENGTH = 128;

  /** What ECMAScript calls white space. */
  private static final Pattern WHITE_SPACE =
      Pattern.compile(
          "[\\t-\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+");

  private static final Pattern BUILD = Pattern.compile(Version.BUILD);

  private static final String PART = "(" + Version.NUMBER + "|[xX*])";

  /** 1: marks without a meaning; 2 to 4: numbers or wildcards; 5: a prerelease. */
  private static final Pattern PARTIAL =
      Pattern.compile(
          "([v= ]*)P(?:\\.P(?:\\.P(?:-(R))?)?)?"
              .replace("P", PART)
              .replace("(R)", "(" + Version.PRERELEASE + ")"));

  /** Always matches. 1: {@code ^}, {@code ~} or a comparison; 2: the partial version behind it. */
  private static final Pattern COMPARATOR = Pattern.compile("(~>?|\\^|[<>]?=?)(.*)");

  /** Ends with a comparison, from which a space may separate the version. */
  private static final Pattern OPEN_COMPARISON = Pattern.compile(".*[<>]=?|(?:.*[^v=<>])?=");

  private static final Pattern STAR_IN_PASSING = Pattern.compile("[<>]?=?\\*");

  private static final BigInteger ZERO = BigInteger.ZERO;

  /** The least of all versions: nothing is below it. */
  private static final Version LEAST = new Version(ZERO, ZERO, ZERO, "0", "");

  private final String text;

  /** A version in one of them is in the range; it is in one when it passes all its comparators. */
  private final List<List<Comparator>> alternatives;

  private VersionRange(String text, List<List<Comparator>> alternatives) {
    this.text = text;
    this.alternatives = alternatives;
  }

  private enum Comparison {
    LESS,
    AT_MOST,
    EQUAL,
    AT_LEAST,
    MORE;

    static Comparison of(String operator) {
      return switch (operator) {
        case "<" -> LESS;
        case "<=" -> AT_MOST;
        case ">" -> MORE;
        case ">=" -> AT_LEAST;
        default -> EQUAL;
      };
    }
  }

  private record Comparator(Comparison comparison, Version bound) {
    boolean passes(Version version) {
      int order = version.precedence(bound);
      return switch (comparison) {
        case LESS -> order < 0;
        case AT_MOST -> order <= 0;
        case EQUAL -> order == 0;
        case AT_LEAST -> order >= 0;
        case MORE -> order > 0;
      };
    }
  }

  /** One to three numbers, with wildcards; null where there is a wildcard or nothing. */
  private record Partial(
      String marks,
      @Nullable BigInteger major,
      @Nullable BigInteger minor,
      @Nullable BigInteger patch,
      String prerelease,
      boolean isOrdered) {

    static @Nullable Partial of(String text) {
      Matcher parts = PARTIAL.matcher(text);
      if (!parts.matches()) {
        return null;
      }
      BigInteger major = number(parts.group(2));
      BigInteger minor = number(parts.group(3));
      BigInteger patch = number(parts.group(4));
      boolean numberBehindWildcard =
          (major == null && minor != null) || (minor == null && patch != null);
      return new Partial(
          parts.group(1),
          major,
          major == null ? null : minor,
          major == null || minor == null ? null : patch,
          parts.group(5) == null ? "" : parts.group(5),
          !numberBehindWildcard);
    }

    private static @Nullable BigInteger number(@Nullable String part) {
      return part == null || part.equals("*") || part.equalsIgnoreCase("x")
          ? null
          : new BigInteger(part);
    }

    /** Whether its marks may stand before a whole version that is taken as it is. */
    boolean isPlain() {
      return marks.isEmpty() || marks.equals("v");
    }

    Version lowest() {
      return new Version(
          major == null ? ZERO : major,
          minor == null ? ZERO : minor,
          patch == null ? ZERO : patch,
          patch == null ? "" : prerelease,
          "");
    }

    /** The first version after all that begin with the same numbers. */
    Version next() {
      return minor == null
          ? first(or(major).add(BigInteger.ONE), ZERO, ZERO)
          : patch == null ? nextMinor() : first(or(major), minor, patch.add(BigInteger.ONE));
    }

    Version nextMajor() {
      return first(or(major).add(BigInteger.ONE), ZERO, ZERO);
    }

    Version nextMinor() {
      return first(or(major), or(minor).add(BigInteger.ONE), ZERO);
    }

    private static BigInteger or(@Nullable BigInteger number) {
      return number == null ? ZERO : number;
    }

    private static Version first(BigInteger major, BigInteger minor, BigInteger patch) {
      return new Version(major, minor, patch, "0", "");
    }
  }

  /**
   * Reads a range.
   *
   * @throws IllegalArgumentException when the text is not a range
   */
  public static VersionRange parse(String text) {
    String plain = WHITE_SPACE.matcher(text).replaceAll(" ").strip();
    if (text.length() > MAX_LENGTH) {
      throw notRange(text);
    }
    List<List<Comparator>> alternatives = new ArrayList<>();
    for (String alternative : plain.split("\\|\\|", -1)) {
      // What follows a plus sign says nothing of a range.
      String comparators = BUILD.matcher(alternative.strip()).replaceAll("");
      int hyphen = comparators.indexOf(" - ");
      @Nullable List<Comparator> between =
          hyphen < 0
              ? null
              : between(comparators.substring(0, hyphen), comparators.substring(hyphen + 3), text);
      alternatives.add(between == null ? comparators(comparators, text) : between);
    }
    // As npm has it: beside "anything", a comparator that names a prerelease does not count.
    return new VersionRange(
        plain, alternatives.contains(List.of()) ? List.of(List.of()) : List.copyOf(alternatives));
  }

  /** Whether a text is a range. */
  public static boolean isRange(String text) {
    try {
      parse(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static IllegalArgumentException notRange(String text) {
    return new IllegalArgumentException(
        PlainText.of(text, MAX_LENGTH) + " is not a range of versions as npm writes them");
  }

  /** The comparators of {@code from - to}; null where these are not two partial versions. */
  private static @Nullable List<Comparator> between(String from, String to, String text) {
    Partial lower = Partial.of(from.stripLeading());
    Partial upper = Partial.of(to.strip());
    if (lower == null || upper == null) {
      return null;
    }
    if ((lower.patch != null && !lower.isPlain())
        || (upper.patch != null && !upper.isPlain() && upper.prerelease.isEmpty())) {
      throw notRange(text);
    }
    List<Comparator> comparators = new ArrayList<>();
    if (lower.major != null) {
      addAtLeast(lower, comparators);
    }
    if (upper.patch != null) {
      comparators.add(new Comparator(Comparison.AT_MOST, upper.lowest()));
    } else if (upper.major != null) {
      comparators.add(new Comparator(Comparison.LESS, upper.next()));
    }
    return List.copyOf(comparators);
  }

  private static List<Comparator> comparators(String alternative, String text) {
    List<Comparator> comparators = new ArrayList<>();
    for (String word : joined(alternative.split(" ", -1))) {
      add(word, comparators, text);
    }
    return List.copyOf(comparators);
  }

  /**
   * The words of an alternative, an operator that stands alone with the version behind it: a
   * comparison first, since {@code ~ > 1} and {@code ~> 1} are {@code ~1}.
   */
  private static List<String> joined(String[] words) {
    List<String> compared = new ArrayList<>();
    for (int i = 0; i < words.length; i++) {
      boolean joins =
          i + 1 < words.length
              && OPEN_COMPARISON.matcher(words[i]).matches()
              && !words[i + 1].isEmpty()
              && "v=0123456789xX*".indexOf(words[i + 1].charAt(0)) >= 0;
      compared.add(joins ? words[i] + words[++i] : words[i]);
    }
    List<String> joined = new ArrayList<>();
    for (int i = 0; i < compared.size(); i++) {
      String word = compared.get(i);
      boolean tilde = word.equals("~") || word.equals("~>");
      joined.add(
          (tilde || word.equals("^")) && i + 1 < compared.size()
              ? word.charAt(0) + compared.get(++i)
              : word);
    }
    return joined;
  }

  private static void add(String word, List<Comparator> comparators, String text) {
    Matcher split = COMPARATOR.matcher(word);
    if (!split.matches()) {
      throw notRange(text);
    }
    String operator = split.group(1);
    Partial partial = Partial.of(split.group(2));
    if (partial != null && operator.equals("^")) {
      addCaret(partial, comparators);
    } else if (partial != null && operator.startsWith("~")) {
      addTilde(partial, comparators);
    } else if (partial != null && partial.isOrdered && partial.patch == null) {
      addWildcard(operator, partial, comparators);
    } else {
      addWhole(word, comparators, text);
    }
  }

  private static void addCaret(Partial partial, List<Comparator> comparators) {
    if (partial.major == null) {
      return;
    }
    addAtLeast(partial, comparators);
    Version end;
    if (partial.minor == null || partial.major.signum() > 0) {
      end = partial.nextMajor();
    } else if (partial.patch == null || partial.minor.signum() > 0) {
      end = partial.nextMinor();
    } else {
      end = partial.next();
    }
    comparators.add(new Comparator(Comparison.LESS, end));
  }

  private static void addTilde(Partial partial, List<Comparator> comparators) {
    if (partial.major == null) {
      return;
    }
    addAtLeast(partial, comparators);
    comparators.add(
        new Comparator(
            Comparison.LESS, partial.minor == null ? partial.nextMajor() : partial.nextMinor()));
  }

  private static void addWildcard(String operator, Partial partial, List<Comparator> comparators) {
    if (partial.major == null) {
      if (operator.equals("<") || operator.equals(">")) {
        comparators.add(new Comparator(Comparison.LESS, LEAST));
      }
      return;
    }
    switch (Comparison.of(operator)) {
      case LESS -> {
        Version low = partial.lowest();
        comparators.add(
            new Comparator(
                Comparison.LESS, new Version(low.major(), low.minor(), low.patch(), "0", "")));
      }
      case AT_MOST -> comparators.add(new Comparator(Comparison.LESS, partial.next()));
      case AT_LEAST -> addAtLeast(partial, comparators);
      case MORE -> comparators.add(new Comparator(Comparison.AT_LEAST, partial.next().release()));
      case EQUAL -> {
        addAtLeast(partial, comparators);
        comparators.add(new Comparator(Comparison.LESS, partial.next()));
      }
    }
  }

  /** A comparator with a whole version; npm drops one star in it. */
  private static void addWhole(String word, List<Comparator> comparators, String text) {
    String starless = STAR_IN_PASSING.matcher(word).replaceFirst("");
    if (starless.isEmpty()) {
      return;
    }
    Matcher split = COMPARATOR.matcher(starless);
    String operator = split.matches() ? split.group(1) : "";
    Partial partial = Partial.of(starless.substring(operator.length()));
    if (partial == null
        || partial.patch == null
        || !partial.isPlain()
        || operator.startsWith("~")
        || operator.equals("^")) {
      throw notRange(text);
    }
    if (operator.equals(">=")) {
      addAtLeast(partial, comparators);
    } else {
      comparators.add(new Comparator(Comparison.of(operator), partial.lowest()));
    }
  }

  /** A lower bound; {@code >=0.0.0} is none, but {@code >=v0.0.0} is one to npm. */
  private static void addAtLeast(Partial partial, List<Comparator> comparators) {
    Version bound = partial.lowest();
    boolean marked = partial.patch != null && !partial.marks.isEmpty();
    if (marked || !bound.equals(LEAST.release())) {
      comparators.add(new Comparator(Comparison.AT_LEAST, bound));
    }
  }

  /** Whether a version lies in the range. */
  public boolean contains(Version version) {
    return alternatives.stream().anyMatch(alternative -> contains(alternative, version));
  }

  private static boolean contains(List<Comparator> alternative, Version version) {
    return alternative.stream().allMatch(comparator -> comparator.passes(version))
        && (!version.isPrerelease()
            || alternative.stream()
                .map(Comparator::bound)
                .anyMatch(bound -> bound.isPrerelease() && bound.hasNumbersOf(version)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VersionRange range && text.equals(range.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** The range as it was written, but for white space. */
  @Override
  public String toString() {
    return text;
  }
}
