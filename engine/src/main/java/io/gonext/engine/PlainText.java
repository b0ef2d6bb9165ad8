package io.gonext.engine;

/**
 * What strangers wrote (a guest's panic, a name in a module, a bundle or a manifest, a client's
 * text) as a part of a message, a log line or a table on a terminal: one line of bounded length
 * that can neither fill a log, nor forge a line of it, nor steer a terminal, nor reorder or hide
 * the text around it.
 *
 * <p>The one place that decides which characters those are. Escaped, by a backslash and a letter or
 * the number: the control characters (C0 but the tab, DEL, C1), the ends of lines and paragraphs,
 * all that only steers the layout (Unicode's category Cf: bidirectional controls, zero width marks,
 * the byte order mark, invisible tags), and half surrogate pairs. Of the category Cf the two
 * joiners stay, which Persian, the scripts of India and emoji are written with.
 */
public final class PlainText {
  /** Length of a line where nothing else is said, in characters. */
  public static final int MAX_LENGTH = 4096;

  private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
  private static final int ZERO_WIDTH_JOINER = 0x200D;

  private PlainText() {}

  /** The text as one harmless line, cut at {@link #MAX_LENGTH} characters. */
  public static String of(String text) {
    return of(text, MAX_LENGTH);
  }

  /** The text as one harmless line; what is longer than {@code maxLength} ends with dots. */
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
