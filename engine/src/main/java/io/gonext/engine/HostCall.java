package io.gonext.engine;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A host function's access to the guest that called it. Valid on the calling thread until the host
 * function returns.
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
   * Calls back into the guest, to allocate a block for a result. Host functions that are not
   * {@linkplain HostFunction#allowedInAllocator() allowed in the allocator} are refused during the
   * call.
   *
   * @return the first result, an i32 zero-extended, or 0 if the function has none
   * @throws GuestTrap when the guest traps; do not catch it, because the outer call has ended too
   */
  public long callGuest(GuestFunction function, long... args) {
    instance.imports().recordCallBack(function, args);
    return instance.callWithoutHost(function, args);
  }

  /**
   * Whether the run's {@linkplain RunLimits#softLimit soft limit} has passed. A host function may
   * then refuse or shorten its work, before the hard limit interrupts it.
   */
  public boolean isLate() {
    return instance.isLate();
  }

  /**
   * How long the host function may still take: what is left of the guest's time to wait during a
   * {@linkplain #beginWait wait}, otherwise of its time to compute. Not positive once the limit has
   * passed, which then interrupts the thread.
   */
  public long remainingNanos() {
    return instance.remainingNanos();
  }

  /**
   * What the run does, as its {@linkplain GuestCall#nameTask caller} named it; empty if it did not.
   */
  public String task() {
    return instance.imports().task();
  }

  /**
   * Begins a wait of the host function, for a store or another machine. Until {@link #endWait} it
   * must not call the guest or begin another wait. The time counts for the limit of waits and not
   * for the time that the guest computes; see {@link RunLimits}.
   */
  public void beginWait() {
    instance.beginWait();
  }

  /** Ends a wait; see {@link CallTimes#waitNanos}. */
  public void endWait() {
    instance.endWait();
  }

  /**
   * Runs work on this thread that an interrupt would damage, such as a read from a socket of a
   * virtual thread. The engine does not interrupt the thread meanwhile; others still may. Instead
   * it calls {@code cutOff} once the run's limit or {@code atMost} has passed, and again every 20
   * ms until the work returns. A run whose limit has passed ends after the host function.
   *
   * @param cutOff makes the work return soon; called on the engine's watchdog, so it must not block
   * @throws StackOverflowError when less than about 45 KiB of the stack are left
   */
  public <R extends @Nullable Object> R uninterrupted(
      Duration atMost, Runnable cutOff, Supplier<R> work) {
    return instance.uninterrupted(atMost, cutOff, work);
  }

  /**
   * Records that the host could not do what the guest needs, for {@link GuestInstance#hostFailure}.
   * A guest that fails after that is not to blame.
   */
  public void reportFailure(HostFailure failure) {
    instance.imports().reportFailure(failure);
  }

  /**
   * What a host function keeps for all of its calls in one run of the guest, such as the version of
   * something that may change between two calls.
   *
   * @param key compared by identity
   * @param first makes the value at the first call in a run; not null
   */
  @SuppressWarnings("unchecked") // Only this method keeps a value under the key.
  public <T> T once(Object key, Supplier<T> first) {
    return (T) instance.imports().once(key, first);
  }

  /**
   * Puts work off until the caller of the run knows that the run was a success; see {@link
   * GuestInstance#takeEffects}. If the run fails, the work is never done.
   */
  public void afterSuccess(Runnable effect) {
    instance.imports().afterSuccess(effect);
  }

  /**
   * Keeps a secret out of a recording of the run, where the guest will see it: a recording has as
   * many marks in its place. Call this before the guest gets the secret. A secret that the guest
   * encodes in another way is not found.
   */
  public void conceal(byte[] secret) {
    instance.imports().conceal(secret);
  }

  /**
   * The cryptographically strong random source that the guest's WASI also uses. Safe for any number
   * of threads.
   */
  public SecureRandom random() {
    return instance.module().wasiSources().random();
  }

  /** The guest's monotonic clock, in nanoseconds since an arbitrary moment. */
  public long monotonicNanos() {
    return instance.module().wasiSources().monotonicNanos().getAsLong();
  }

  /**
   * Returns the exception with which a host function ends the guest's call like WASI's {@code
   * proc_exit}, with the trap {@link TrapCause.Exit}.
   */
  public RuntimeException exit(int code) {
    return new GuestExitSignal(code);
  }

  /** The calling guest's exported function of this name. */
  public GuestFunction function(String exportName) {
    return instance.function(exportName);
  }
}
