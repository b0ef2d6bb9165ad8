package io.gonext.engine;

/**
 * Where a guest's standard output and standard error go, line by line.
 *
 * <p>Called on the thread that runs the guest, inside the run's deadline. An exception ends the
 * call with {@link TrapCause.HostFailure}.
 */
@FunctionalInterface
public interface GuestOutput {
  /** Which of the two streams. */
  enum Stream {
    /** File descriptor 1. */
    STDOUT,
    /** File descriptor 2. */
    STDERR
  }

  /**
   * One line.
   *
   * @param text the line without its end; untrusted. Invalid UTF-8 is replaced. A line longer than
   *     {@link InstanceConfig#maxLineBytes()} arrives in pieces
   */
  void line(Stream stream, String text);

  /** Discards every line. */
  static GuestOutput discard() {
    return (stream, text) -> {};
  }
}
