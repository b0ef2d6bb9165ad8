package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/** What every failure of this module that is not a programming error extends. */
public abstract sealed class EngineException extends RuntimeException
    permits CompileTimeoutException, GuestTrap, ModuleRejectedException {
  private static final long serialVersionUID = 1L;

  EngineException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
