package io.gonext.engine;

/**
 * A verified reset left a difference between an instance and its snapshot: a bug of the engine. The
 * instance is not usable afterwards.
 */
public final class ResetDifferenceException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  ResetDifferenceException(String message) {
    super(message);
  }
}
