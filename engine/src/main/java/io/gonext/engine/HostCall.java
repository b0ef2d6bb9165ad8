package io.gonext.engine;

/**
 * What a host function sees of the guest that called it. Valid until the host function returns, on
 * the thread it was called on.
 */
public final class HostCall {
  private final GuestInstance instance;

  HostCall(GuestInstance instance) {
    this.instance = instance;
  }

  /** The calling guest's linear memory. */
  public GuestMemory memory() {
    return instance.memory();
  }

  /**
   * Calls back into the guest, to allocate the block for a body that is returned. Host functions
   * that are not {@linkplain HostFunction#allowedInAllocator() allowed there} are refused
   * meanwhile.
   *
   * @return the first result, an i32 zero-extended, or 0 where there is none
   * @throws GuestTrap when the guest traps; let it pass, the outer call has ended too
   */
  public long callGuest(GuestFunction function, long... args) {
    return instance.callWithoutHost(function, args);
  }

  /**
   * Whether the run's {@linkplain GuestInstance#runUntil soft limit} has passed: a host function
   * may then refuse what it can, or answer with less, rather than be interrupted at the hard one.
   */
  public boolean isLate() {
    return instance.isLate();
  }

  /** The calling guest's exported function of this name. */
  public GuestFunction function(String exportName) {
    return instance.function(exportName);
  }
}
