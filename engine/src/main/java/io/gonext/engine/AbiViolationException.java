package io.gonext.engine;

/**
 * The guest broke its contract with the host: a pointer out of bounds, text that is not UTF-8, a
 * block that overlaps another.
 *
 * <p>{@link GuestMemory} throws it, and so does host code that finds a violation. Inside {@link
 * GuestInstance#run} it ends the call with the trap {@link TrapCause.AbiViolation}.
 */
public final class AbiViolationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A violation.
   *
   * @param text one sentence that names the value and the rule
   */
  public AbiViolationException(String text) {
    super(PlainText.of(text));
  }
}
