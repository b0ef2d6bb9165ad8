package io.gonext.spring;

import org.jspecify.annotations.Nullable;

/** The host cannot start with these properties. The message is one sentence with the fix. */
public final class GonextStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  GonextStartException(String sentence) {
    this(sentence, null);
  }

  GonextStartException(String sentence, @Nullable Throwable cause) {
    super(sentence, cause);
  }
}
