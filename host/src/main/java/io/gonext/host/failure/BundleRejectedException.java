package io.gonext.host.failure;

import org.jspecify.annotations.Nullable;

/** A bundle, its manifest or its module is not acceptable; nothing was installed. */
public final class BundleRejectedException extends HostException {
  private static final long serialVersionUID = 1L;

  public BundleRejectedException(String message) {
    this(message, null);
  }

  public BundleRejectedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
