package io.gonext.host;

import org.jspecify.annotations.Nullable;

/** The plugin could not be started; its state is unchanged. */
public final class ActivationException extends HostException {
  private static final long serialVersionUID = 1L;

  public ActivationException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
