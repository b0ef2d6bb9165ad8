package io.gonext.host.failure;

import org.jspecify.annotations.Nullable;

/** The store could not be opened, read or written; nothing was changed. */
public final class StoreException extends HostException {
  private static final long serialVersionUID = 1L;

  public StoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
