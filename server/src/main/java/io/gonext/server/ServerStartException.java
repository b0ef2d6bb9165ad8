package io.gonext.server;

import org.jspecify.annotations.Nullable;

/** The server cannot listen at its address. The message says why, and what to do. */
public final class ServerStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ServerStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
