package io.gonext.host;

import org.jspecify.annotations.Nullable;

/** The store could not be opened, read or written. */
public final class StoreException extends HostException {
  private static final long serialVersionUID = 1L;

  private final boolean maybeChanged;

  /** Nothing was changed. */
  public StoreException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private StoreException(String message, @Nullable Throwable cause, boolean maybeChanged) {
    super(message, cause);
    this.maybeChanged = maybeChanged;
  }

  /** The change was made, or the host does not know whether it was. */
  public static StoreException maybeChanged(String message, Throwable cause) {
    return new StoreException(message, cause, true);
  }

  /** Whether the store may contain the change all the same. */
  public boolean isMaybeChanged() {
    return maybeChanged;
  }
}
