package io.gonext.cli.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** The rules of one {@code .gitignore} file, as gitignore(5) defines them. Immutable. */
final class IgnoreFile {
  /** What the rules say about a path. */
  enum Verdict {
    IGNORED,
    KEPT,
    UNKNOWN
  }

  /** The names of POSIX character classes, and Java's names for them. */
  private static final Map<String, String> CHARACTER_CLASSES =
      Map.ofEntries(
          Map.entry("alnum", "Alnum"),
          Map.entry("alpha", "Alpha"),
          Map.entry("blank", "Blank"),
          Map.entry("cntrl", "Cntrl"),
          Map.entry("digit", "Digit"),
          Map.entry("graph", "Graph"),
          Map.entry("lower", "Lower"),
          Map.entry("print", "Print"),
          Map.entry("punct", "Punct"),
          Map.entry("space", "Space"),
          Map.entry("upper", "Upper"),
          Map.entry("xdigit", "XDigit"));

  private record Rule(Pattern pattern, boolean keeps, boolean directoriesOnly) {}

  /** Later rules win. */
  private final List<Rule> rules = new ArrayList<>();

  /** The byte order mark of UTF-8, with one character for each byte. */
  private static final String BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

  /**
   * @param text the file, with one character for each byte; a byte order mark is skipped, as in Git
   */
  IgnoreFile(String text) {
    (text.startsWith(BYTE_ORDER_MARK) ? text.substring(BYTE_ORDER_MARK.length()) : text)
        .lines()
        .map(IgnoreFile::rule)
        .filter(java.util.Objects::nonNull)
        .forEach(rules::add);
  }

  /**
   * What the rules say about one path. The caller checks the directories above it.
   *
   * @param path relative to the directory of the file, with slashes, one character for each byte
   */
  Verdict of(String path, boolean isDirectory) {
    for (Rule rule : rules.reversed()) {
      if ((isDirectory || !rule.directoriesOnly) && rule.pattern.matcher(path).matches()) {
        return rule.keeps ? Verdict.KEPT : Verdict.IGNORED;
      }
    }
    return Verdict.UNKNOWN;
  }

  private static @Nullable Rule rule(String line) {
    String glob = withoutTrailingSpaces(line);
    if (glob.isEmpty() || glob.startsWith("#")) {
      return null;
    }
    boolean keeps = glob.startsWith("!");
    if (keeps) {
      glob = glob.substring(1);
    }
    boolean directoriesOnly = glob.endsWith("/");
    if (directoriesOnly) {
      glob = glob.substring(0, glob.length() - 1);
    }
    if (glob.isEmpty()) {
      return null;
    }
    // A slash that is not at the end anchors the pattern to this directory.
    boolean anchored = glob.indexOf('/') >= 0;
    if (glob.startsWith("/")) {
      glob = glob.substring(1);
    }
    try {
      String regex = regex(glob);
      return new Rule(
          Pattern.compile(anchored ? regex : "(?:.*/)?" + regex, Pattern.DOTALL),
          keeps,
          directoriesOnly);
    } catch (PatternSyntaxException e) {
      // In Git too, an invalid pattern matches nothing.
      return null;
    }
  }

  private static String withoutTrailingSpaces(String line) {
    int end = line.length();
    while (end > 0 && line.charAt(end - 1) == ' ' && !isEscaped(line, end - 1)) {
      end--;
    }
    return line.substring(0, end);
  }

  private static boolean isEscaped(String line, int at) {
    int backslashes = 0;
    while (at - 1 - backslashes >= 0 && line.charAt(at - 1 - backslashes) == '\\') {
      backslashes++;
    }
    return backslashes % 2 == 1;
  }

  private static String regex(String glob) {
    StringBuilder regex = new StringBuilder();
    int at = 0;
    while (at < glob.length()) {
      boolean segmentBegins = at == 0 || glob.charAt(at - 1) == '/';
      if (segmentBegins && glob.startsWith("**/", at)) {
        regex.append("(?:.*/)?");
        at += 3;
      } else if (segmentBegins && glob.substring(at).equals("**")) {
        regex.append(".+");
        at += 2;
      } else {
        at = character(glob, at, regex);
      }
    }
    return regex.toString();
  }

  /** Translates the character at an index and returns the next index. */
  private static int character(String glob, int at, StringBuilder regex) {
    char c = glob.charAt(at);
    switch (c) {
      case '*' -> regex.append("[^/]*");
      case '?' -> regex.append("[^/]");
      case '[' -> {
        return bracket(glob, at, regex);
      }
      case '\\' -> {
        if (at + 1 == glob.length()) {
          throw new PatternSyntaxException("ends in a backslash", glob, at);
        }
        regex.append(Pattern.quote(glob.substring(at + 1, at + 2)));
        return at + 2;
      }
      default -> regex.append(Pattern.quote(String.valueOf(c)));
    }
    return at + 1;
  }

  private static String characterClass(String glob, int from, int to) {
    String name = CHARACTER_CLASSES.get(glob.substring(from, to));
    if (name == null) {
      throw new PatternSyntaxException("no such class", glob, from);
    }
    return name;
  }

  private static int bracket(String glob, int from, StringBuilder regex) {
    int at = from + 1;
    StringBuilder set = new StringBuilder();
    boolean negated = at < glob.length() && (glob.charAt(at) == '!' || glob.charAt(at) == '^');
    if (negated) {
      at++;
    }
    boolean first = true;
    while (at < glob.length() && (first || glob.charAt(at) != ']')) {
      first = false;
      if (glob.startsWith("[:", at)) {
        // As in Git: the class ends at the next bracket.
        int end = glob.indexOf(']', at + 2);
        if (end > at + 2 && glob.charAt(end - 1) == ':') {
          set.append("\\p{").append(characterClass(glob, at + 2, end - 1)).append('}');
          at = end + 1;
          continue;
        }
      }
      char c = glob.charAt(at);
      if (c == '\\' && at + 1 < glob.length()) {
        at++;
        set.append('\\').append(glob.charAt(at));
      } else if (c == '-') {
        set.append('-');
      } else {
        if ("[]&^\\".indexOf(c) >= 0) {
          set.append('\\');
        }
        set.append(c);
      }
      at++;
    }
    if (at >= glob.length()) {
      throw new PatternSyntaxException("unclosed bracket", glob, from);
    }
    regex.append("(?!/)[").append(negated ? "^" : "").append(set).append(']');
    return at + 1;
  }
}
