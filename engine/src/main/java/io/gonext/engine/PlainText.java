package io.gonext.engine;

/**
 * Makes untrusted text (a guest's panic, a name in a module, a bundle or a manifest, a client's
 * text) safe for a message, a log line or a terminal. The result is one line of bounded length. It
 * cannot fill a log, forge a log line, control a terminal, or reorder or hide the text around it.
 *
 * <p>Only this class decides which characters are escaped, with a backslash and a letter or the
 * number: control characters (C0 except the tab, DEL, C1), line and paragraph separators, format
 * characters (Unicode's category Cf: bidirectional controls, zero width marks, the byte order mark,
 * invisible tags), and unpaired surrogates. The two joiners of category Cf stay, because Persian,
 * Indic scripts and emoji need them.
 */
public final class PlainText {
  /** The default length of a line, in characters. */
  public static final int MAX_LENGTH = 4096;

  private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
  private static final int ZERO_WIDTH_JOINER = 0x200D;

  private PlainText() {}

  /** The text as one harmless line, cut at {@link #MAX_LENGTH} characters. */
  public static String of(String text) {
    return of(text, MAX_LENGTH);
  }

  /**
   * The text as one harmless line. A text longer than {@code maxLength} is cut and ends with dots.
   */
  public static String of(String text, int maxLength) {
    if (text.length() <= maxLength && text.codePoints().noneMatch(PlainText::isUnfit)) {
      return text;
    }
    var line = new StringBuilder(Math.min(text.length(), maxLength));
    int i = 0;
    while (i < text.length()) {
      int c = text.codePointAt(i);
      if (line.length() + Character.charCount(c) > maxLength) {
        return line.append("...").toString();
      }
      append(line, c);
      i += Character.charCount(c);
    }
    return line.toString();
  }

  private static void append(StringBuilder line, int c) {
    if (c == '\n') {
      line.append("\\n");
    } else if (c == '\r') {
      line.append("\\r");
    } else if (!isUnfit(c)) {
      line.appendCodePoint(c);
    } else {
      for (char unit : Character.toChars(c)) {
        line.append(String.format("\\u%04x", (int) unit));
      }
    }
  }

  private static boolean isUnfit(int c) {
    if ((c >= ' ' && c < 0x7F) || c == '\t') {
      return false;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.SURROGATE -> true;
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
      case Character.FORMAT -> c != ZERO_WIDTH_NON_JOINER && c != ZERO_WIDTH_JOINER;
      default -> false;
    };
  }
}
