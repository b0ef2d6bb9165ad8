package io.gonext.benchmarks;

/** An assertion of a benchmark does not hold; the message is one sentence that says which. */
final class BrokenPromiseException extends Exception {
  private static final long serialVersionUID = 1;

  BrokenPromiseException(String message) {
    super(message);
  }
}
