package io.gonext.engine;

/**
 * A function that the host offers to guests.
 *
 * @param module the module name under which guests import it
 * @param name the field name under which guests import it
 * @param type its signature, with at most one result
 * @param body what it does
 * @param allowedInAllocator whether a guest may call it while the host is inside the guest's
 *     allocator ({@link GuestCall#callWithoutHost}); only for functions that never call back into
 *     the guest
 */
public record HostFunction(
    String module, String name, FunctionType type, Body body, boolean allowedInAllocator) {

  /** Checks that there is at most one result, and no reference. */
  public HostFunction {
    if (type.results().size() > 1) {
      throw new IllegalArgumentException("a host function has at most one result: " + type);
    }
  }

  /** What a host function does. It runs on the guest's thread, inside the guest's deadline. */
  @FunctionalInterface
  public interface Body {
    /**
     * The body.
     *
     * <p>{@link GuestPanicException} and {@link AbiViolationException} end the guest's call with
     * the trap of that name. Any other exception ends it with {@link TrapCause.HostFailure}; the
     * guest never sees its text. When the run's deadline passes, the thread is interrupted.
     *
     * @param call the calling guest
     * @param args one value for each parameter. An i32 is zero-extended: use a pointer as it is,
     *     and {@code (int) args[i]} for a signed number
     * @return the result; ignored if the signature has none
     */
    long apply(HostCall call, long[] args);
  }

  /** A host function that the guest must not call inside its allocator. */
  public static HostFunction of(String module, String name, FunctionType type, Body body) {
    return new HostFunction(module, name, type, body, false);
  }

  /** A copy that the guest may call inside its allocator. */
  public HostFunction inAllocator() {
    return new HostFunction(module, name, type, body, true);
  }

  /** The name in error messages. */
  String qualifiedName() {
    return module + "." + name;
  }
}
