package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * The superclass of all failures of the engine that are not programming errors. The message may
 * quote the guest, and is {@linkplain PlainText one harmless line}.
 */
public abstract sealed class EngineException extends RuntimeException
    permits CompileTimeoutException, GuestTrap, ModuleRejectedException {
  private static final long serialVersionUID = 1L;

  /** A backtrace of 32 long names fits. */
  private static final int MAX_LENGTH = 1 << 15;

  EngineException(String message, @Nullable Throwable cause) {
    super(PlainText.of(message, MAX_LENGTH), cause);
  }
}
