package io.gonext.engine.bytecode;

/** A method or a class would be larger than the JVM allows. */
public final class ClassLimitException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int function;

  /**
   * A failure.
   *
   * @param function the function whose method or constants are too large, or -1 if it is not one
   *     function
   */
  ClassLimitException(int function, IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
    this.function = function;
  }

  /** The function that is too large, or -1. */
  public int function() {
    return function;
  }
}
