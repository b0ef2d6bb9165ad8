package io.gonext.engine;

/** Carries WASI's {@code proc_exit} through the guest's frames to {@link TrapTranslator}. */
final class GuestExitSignal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;

  GuestExitSignal(int code) {
    super("exit " + code);
    this.code = code;
  }

  int code() {
    return code;
  }
}
