package io.gonext.engine.names;

/**
 * A cursor over a mangled name. Substitutions can expand a short name without end, and nesting can
 * exhaust the stack, so this class bounds both.
 */
final class MangledName {
  private static final int MOST_DEPTH = 96;

  /** The most calls of {@link #enter} for one name. Names of real programs need about a hundred. */
  private static final int MOST_STEPS = 2_000;

  /** The name has an unknown form, or exceeds the bounds. */
  static final class UnknownFormException extends Exception {
    private static final long serialVersionUID = 1L;

    UnknownFormException() {
      super(null, null, false, false);
    }
  }

  private final String text;
  private int position;
  private int depth;
  private int steps;

  MangledName(String text, int from) {
    this.text = text;
    this.position = from;
  }

  int position() {
    return position;
  }

  /** Moves to an earlier position, or to the target of a back reference. */
  void moveTo(int to) {
    position = to;
  }

  boolean isAtEnd() {
    return position == text.length();
  }

  /** The next character, or 0 at the end. */
  char peek() {
    return isAtEnd() ? 0 : text.charAt(position);
  }

  char next() throws UnknownFormException {
    if (isAtEnd()) {
      throw new UnknownFormException();
    }
    return text.charAt(position++);
  }

  /** Skips the character if it is the next one. */
  boolean skip(char expected) {
    if (peek() != expected) {
      return false;
    }
    position++;
    return true;
  }

  void expect(char expected) throws UnknownFormException {
    if (!skip(expected)) {
      throw new UnknownFormException();
    }
  }

  /** The next characters. */
  String take(int count) throws UnknownFormException {
    if (count > text.length() - position) {
      throw new UnknownFormException();
    }
    position += count;
    return text.substring(position - count, position);
  }

  /**
   * A decimal number without leading zeros. At most the name's length, because numbers are lengths
   * or positions.
   */
  int number() throws UnknownFormException {
    if (!isDigit(peek())) {
      throw new UnknownFormException();
    }
    if (skip('0')) {
      return 0;
    }
    int number = 0;
    while (isDigit(peek())) {
      number = number * 10 + next() - '0';
      if (number > text.length()) {
        throw new UnknownFormException();
      }
    }
    return number;
  }

  static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** A parser calls this before each recursion, and {@link #leave} after it. */
  void enter() throws UnknownFormException {
    if (++depth > MOST_DEPTH || ++steps > MOST_STEPS) {
      throw new UnknownFormException();
    }
  }

  void leave() {
    depth--;
  }

  /** The text, unless it is too long. */
  static String bounded(String text) throws UnknownFormException {
    if (text.length() > Demangler.MOST_TEXT_CHARS) {
      throw new UnknownFormException();
    }
    return text;
  }
}
