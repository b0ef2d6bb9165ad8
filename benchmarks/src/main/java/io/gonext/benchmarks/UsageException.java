package io.gonext.benchmarks;

/** Arguments that make no sense; the message is one sentence that says why. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
