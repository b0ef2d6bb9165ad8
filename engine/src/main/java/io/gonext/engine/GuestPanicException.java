package io.gonext.engine;

/**
 * A host function's body throws this when the guest reports a panic. The call ends with the trap
 * {@link TrapCause.GuestPanic} and this text.
 */
public final class GuestPanicException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * A panic of the guest.
   *
   * @param text the guest's message; becomes {@linkplain PlainText one harmless line}
   */
  public GuestPanicException(String text) {
    super(PlainText.of(text));
  }
}
