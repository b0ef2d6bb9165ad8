package io.gonext.host.failure;

/**
 * What strangers wrote (a guest's panic, a name in a manifest or a module) as a part of a message:
 * one line of bounded length, so that it can neither fill a log nor forge a line of it.
 */
public final class OneLine {
  /** Length of a line where nothing else is said, in characters. */
  public static final int MAX_LENGTH = 4096;

  private OneLine() {}

  /** The text with its control characters escaped, cut at {@link #MAX_LENGTH} characters. */
  public static String of(String text) {
    return of(text, MAX_LENGTH);
  }

  /** The text with its control characters escaped; what is longer ends with dots. */
  public static String of(String text, int maxLength) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), maxLength));
    int i = 0;
    for (; i < text.length() && line.length() < maxLength; i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append('\t');
        default -> {
          // Beside the control characters, what Unicode calls the ends of lines and paragraphs.
          if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
            line.append(String.format("\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    return i < text.length() ? line.append("...").toString() : line.toString();
  }
}
