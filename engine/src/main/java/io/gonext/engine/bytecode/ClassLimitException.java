package io.gonext.engine.bytecode;

/** A method or a class would be larger than the JVM allows. The message names a method if it is. */
public final class ClassLimitException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ClassLimitException(IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
  }
}
