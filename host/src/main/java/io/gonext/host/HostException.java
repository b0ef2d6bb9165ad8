package io.gonext.host;

import io.gonext.engine.PlainText;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something the host refused or could not do. The message is one sentence that names the thing and,
 * where there is one, the fix; it is meant for the person who asked. It may quote a stranger, and
 * is {@linkplain PlainText one harmless line}.
 */
public abstract sealed class HostException extends RuntimeException
    permits BundleRejectedException,
        UnknownPluginException,
        UnknownJobException,
        ConflictException,
        InvalidConfigException,
        ActivationException,
        ChainFailedException,
        StoreException,
        RecordingException,
        RegistryException,
        UntrustedException {
  private static final long serialVersionUID = 1L;

  /** All that is wrong with a bundle fits. */
  private static final int MAX_LENGTH = 1 << 16;

  HostException(String message, @Nullable Throwable cause) {
    super(PlainText.of(message, MAX_LENGTH), cause);
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
