package io.gonext.host.json;

import io.gonext.engine.PlainText;
import java.util.Objects;

/** The text is not JSON as this host accepts it; the message says where and why. */
public final class InvalidJsonException extends Exception {
  private static final long serialVersionUID = 1L;

  InvalidJsonException(String message) {
    // A parser quotes what it has read.
    super(PlainText.of(message));
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }
}
