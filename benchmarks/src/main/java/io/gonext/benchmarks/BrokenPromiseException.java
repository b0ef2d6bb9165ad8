package io.gonext.benchmarks;

/** What a benchmark asserts does not hold; the message is one sentence that says what. */
final class BrokenPromiseException extends Exception {
  private static final long serialVersionUID = 1;

  BrokenPromiseException(String message) {
    super(message);
  }
}
