package io.gonext.host.hook;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A handler did not do its work. The code is one of a bounded set, fit for a metric's label; the
 * message is for the operator.
 */
public final class HookFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * A failure.
   *
   * @param message null says no more than the code
   */
  public HookFailedException(String code, @Nullable String message, @Nullable Throwable cause) {
    super(message == null ? code : message, cause);
    this.code = code;
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  public String code() {
    return code;
  }
}
