package io.gonext.engine;

/**
 * Thrown by a host function's body when the guest asked to be ended: the call ends with the trap
 * {@link TrapCause.GuestPanic} and this text.
 */
public final class GuestPanicException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A panic of the guest.
   *
   * @param text what the guest said; kept to {@linkplain PlainText one harmless line}
   */
  public GuestPanicException(String text) {
    super(PlainText.of(text));
  }
}
