package io.gonext.engine;

/** Calls the guest inside one {@link GuestInstance#run}. Not valid after the run. */
public final class GuestCall {
  private final GuestInstance instance;

  GuestCall(GuestInstance instance) {
    this.instance = instance;
  }

  /**
   * Calls a function of the guest.
   *
   * @param function from this instance's module
   * @param args one value for each parameter: an i32 in the low 32 bits, a float as its raw bits
   * @return the first result, an i32 zero-extended, or 0 if the function has none
   * @throws GuestTrap when the call ends before it returns
   * @throws IllegalArgumentException for a function of another module or the wrong number of
   *     arguments
   */
  public long call(GuestFunction function, long... args) {
    return instance.call(function, args);
  }

  /**
   * Like {@link #call}, but host functions that are not {@linkplain
   * HostFunction#allowedInAllocator() allowed in the allocator} end the call with {@link
   * TrapCause.AbiViolation}. For calls of the guest's allocator, so that it is not entered twice.
   */
  public long callWithoutHost(GuestFunction function, long... args) {
    return instance.callWithoutHost(function, args);
  }

  /**
   * Names what the run does, for {@link HostCall#task}. The last name counts.
   *
   * @param utf8 is not copied
   */
  public void nameTask(byte[] utf8) {
    instance.imports().nameTask(utf8);
  }

  /** The guest's linear memory. */
  public GuestMemory memory() {
    return instance.memory();
  }
}
