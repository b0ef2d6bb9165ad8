package io.gonext.engine;

/** A guest's trap on its way to {@link TrapTranslator}. */
final class TrapSignal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient TrapCause cause;

  TrapSignal(TrapCause cause) {
    super(cause.describe());
    this.cause = cause;
  }

  TrapCause trapCause() {
    return cause;
  }
}
