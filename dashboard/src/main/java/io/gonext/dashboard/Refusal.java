package io.gonext.dashboard;

/** A request that the dashboard does not carry out. The message is a sentence for the visitor. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  static final int BAD_REQUEST = 400;
  static final int FORBIDDEN = 403;
  static final int NOT_FOUND = 404;
  static final int WRONG_METHOD = 405;
  static final int TIMEOUT = 408;
  static final int CONFLICT = 409;
  static final int TOO_LARGE = 413;
  static final int WRONG_TYPE = 415;
  static final int UNPROCESSABLE = 422;
  static final int TOO_MANY = 429;
  static final int INTERNAL_ERROR = 500;
  static final int BAD_GATEWAY = 502;
  static final int UNAVAILABLE = 503;

  private final int status;
  private final String sentence;

  Refusal(int status, String sentence) {
    // An ordinary answer, which needs no stack trace.
    super(sentence, null, false, false);
    this.status = status;
    this.sentence = sentence;
  }

  static Refusal notFound() {
    return new Refusal(NOT_FOUND, "There is no such page.");
  }

  int status() {
    return status;
  }

  String sentence() {
    return sentence;
  }
}
