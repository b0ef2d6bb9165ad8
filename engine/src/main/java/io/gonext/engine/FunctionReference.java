package io.gonext.engine;

/**
 * A reference to a function of an instance, as tables hold it. Compiled code keeps references as
 * objects; null is the null reference. Public only because compiled code has its own class loader.
 */
public final class FunctionReference {
  /** The heap bytes of one. */
  static final int BYTES = 24;

  /** The instance whose function it is. */
  public final GuestCode code;

  /** The function's index in that instance's module. */
  public final int function;

  FunctionReference(GuestCode code, int function) {
    this.code = code;
    this.function = function;
  }
}
