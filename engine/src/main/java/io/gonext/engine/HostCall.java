package io.gonext.engine;

import java.security.SecureRandom;

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

  /** The cryptographically strong source that the guest's WASI has, too. Safe for many threads. */
  public SecureRandom random() {
    return instance.module().wasiSources().random();
  }

  /** The guest's monotonic clock: nanoseconds since an arbitrary moment, never going back. */
  public long monotonicNanos() {
    return instance.module().wasiSources().monotonicNanos().getAsLong();
  }

  /**
   * To be thrown by a host function that ends the guest's call as WASI's {@code proc_exit} does,
   * with the trap {@link TrapCause.Exit}.
   */
  public RuntimeException exit(int code) {
    return new GuestExitSignal(code);
  }

  /** The calling guest's exported function of this name. */
  public GuestFunction function(String exportName) {
    return instance.function(exportName);
  }
}
