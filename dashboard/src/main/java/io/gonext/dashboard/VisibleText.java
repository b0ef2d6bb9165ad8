package io.gonext.dashboard;

/**
 * Makes the invisible characters of a rendered page visible. Names, log lines and panics come from
 * strangers. With marks that reverse the direction of text, or with characters of no width, they
 * could look like something else, and escaping for HTML leaves these characters alone. The
 * templates have none of them.
 */
final class VisibleText {
  private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
  private static final int ZERO_WIDTH_JOINER = 0x200D;

  private VisibleText() {}

  static String of(String page) {
    for (int i = 0; i < page.length(); i++) {
      if (isHidden(page.charAt(i))) {
        return shown(page);
      }
    }
    return page;
  }

  private static String shown(String page) {
    StringBuilder shown = new StringBuilder(page.length() + 64);
    page.codePoints()
        .forEach(c -> {
          if (isUnfit(c)) {
            // As the host writes them in messages and logs.
            for (char unit : Character.toChars(c)) {
              shown.append(String.format("\\u%04x", (int) unit));
            }
          } else {
            shown.appendCodePoint(c);
          }
        });
    return shown.toString();
  }

  /** True also for the halves of a pair, which {@link #isUnfit} looks at together. */
  private static boolean isHidden(char c) {
    return Character.isSurrogate(c) || isUnfit(c);
  }

  private static boolean isUnfit(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL -> c != '\n' && c != '\t' && c != '\r';
      case Character.FORMAT -> c != ZERO_WIDTH_NON_JOINER && c != ZERO_WIDTH_JOINER;
      case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR, Character.SURROGATE -> true;
      default -> false;
    };
  }
}
