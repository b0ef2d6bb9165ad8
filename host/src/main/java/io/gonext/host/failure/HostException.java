package io.gonext.host.failure;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something the host refused or could not do. The message is one sentence that names the thing and,
 * where there is one, the fix; it is meant for the person who asked.
 */
public abstract sealed class HostException extends RuntimeException
    permits BundleRejectedException,
        UnknownPluginException,
        ConflictException,
        ActivationException,
        ChainFailedException,
        StoreException {
  private static final long serialVersionUID = 1L;

  HostException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
