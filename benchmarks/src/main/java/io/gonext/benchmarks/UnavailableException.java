package io.gonext.benchmarks;

/**
 * This machine lacks something that a benchmark needs; the message is one sentence that says what.
 */
final class UnavailableException extends Exception {
  private static final long serialVersionUID = 1;

  UnavailableException(String message) {
    super(message);
  }
}
