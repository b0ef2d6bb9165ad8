package io.gonext.engine;

/** Text from a guest that is to stand in one line of a log. */
final class PlainText {
  /** Longer text is cut: a name may be as long as the module. */
  static final int MOST_CHARS = 512;

  private static final String CUT = "…";

  private PlainText() {}

  /** The text without control characters, line breaks and what reorders other text. */
  static String of(String text) {
    String whole = text.length() <= MOST_CHARS ? text : text.substring(0, MOST_CHARS) + CUT;
    if (whole.chars().noneMatch(PlainText::isUnfit)) {
      return whole;
    }
    var plain = new StringBuilder(whole.length());
    whole.chars().forEach(c -> plain.append(isUnfit(c) ? '?' : (char) c));
    return plain.toString();
  }

  private static boolean isUnfit(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL, Character.FORMAT, Character.SURROGATE -> true;
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
      default -> false;
    };
  }
}
