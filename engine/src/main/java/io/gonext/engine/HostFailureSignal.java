package io.gonext.engine;

/** Carries a host function's exception through the guest's frames to {@link TrapTranslator}. */
final class HostFailureSignal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String function;

  HostFailureSignal(String function, Throwable cause) {
    super(function, cause);
    this.function = function;
  }

  String function() {
    return function;
  }
}
