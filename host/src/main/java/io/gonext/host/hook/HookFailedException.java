package io.gonext.host.hook;

import org.jspecify.annotations.Nullable;

/**
 * A handler did not do its work. The code is one of a bounded set, fit for a metric's label; the
 * message is for the operator.
 */
public final class HookFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String code;

  public HookFailedException(String code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public String code() {
    return code;
  }
}
