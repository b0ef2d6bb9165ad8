package io.gonext.benchmarks;

/** The arguments are wrong; the message is one sentence that says why. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  UsageException(String message) {
    super(message);
  }
}
