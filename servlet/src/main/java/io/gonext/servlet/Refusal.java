package io.gonext.servlet;

/** A request that is refused before a plugin sees it. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  static final int BAD_REQUEST = 400;
  static final int NOT_FOUND = 404;
  static final int TOO_LARGE = 413;
  static final int UNSUPPORTED_TYPE = 415;

  private final int status;

  Refusal(int status, String sentence) {
    // An ordinary answer, which needs no stack trace.
    super(sentence, null, false, false);
    this.status = status;
  }

  int status() {
    return status;
  }
}
