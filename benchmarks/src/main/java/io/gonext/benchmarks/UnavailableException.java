package io.gonext.benchmarks;

/** What a benchmark needs is not on this machine; the message is one sentence that says what. */
final class UnavailableException extends Exception {
  private static final long serialVersionUID = 1;

  UnavailableException(String message) {
    super(message);
  }
}
