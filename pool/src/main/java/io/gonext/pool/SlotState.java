package io.gonext.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One place for an instance, and the rules of who may access it.
 *
 * <p>{@link #state} is the only field that threads compete for. It packs, from the low end, a phase
 * (4 bits), the {@link #COLD} mark, the reason to retire the instance on return (8 bits, 0 for
 * none) and a version (48 bits) that goes up by one with every lease. The version counts leases
 * only, so it is also the pool's checkout counter and the instance's use count. Neither costs a
 * write of its own.
 *
 * <p>A thread that moves the phase away from {@link #IDLE} or {@link #VACANT} owns the plain fields
 * until it publishes the next phase:
 *
 * <pre>
 *   VACANT -> CREATING -> RETURNING -> IDLE <-> LEASED -> RETURNING -> IDLE | LEASED | RETIRING
 *             CREATING -> VACANT        \\-------------> RETURNING      (reaper, governor, close)
 *   RETIRING -> VACANT
 * </pre>
 */
abstract class SlotState<T> extends SlotPadding<T> {

  /** No instance; entered and left under the pool's lock. */
  static final long VACANT = 0;

  /** A worker is in {@link Allocator#create} for this place; entered under the pool's lock. */
  static final long CREATING = 1;

  /** An instance that any thread may claim by compare-and-set. */
  static final long IDLE = 2;

  /** The holder of the lease with this version owns the fields. */
  static final long LEASED = 3;

  /** One thread of the pool owns the fields: returning, handing over, or about to retire. */
  static final long RETURNING = 4;

  /** The instance has left the accounts and waits for {@link Allocator#close}. */
  static final long RETIRING = 5;

  /** On {@link #IDLE}: not used since the reaper's last pass. */
  static final long COLD = 0x10;

  /** The token of no lease. */
  static final long NO_LEASE = 0;

  private static final long PHASE_MASK = 0xF;
  private static final int REASON_SHIFT = 8;
  private static final long REASON_MASK = 0xFF00;
  private static final int VERSION_SHIFT = 16;
  private static final long ONE_VERSION = 1L << VERSION_SHIFT;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(SlotState.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private volatile long state;

  /**
   * The lease refers to it while it is out, and the slot does not: when such a lease becomes
   * unreachable, so does the tether, and the cleaner runs. Owned with the slot.
   */
  @Nullable Tether<T> tether;

  SlotState(Returns<T> returns, int index) {
    super(returns, index);
  }

  final long state() {
    return state;
  }

  static long phase(long state) {
    return state & PHASE_MASK;
  }

  static boolean isCold(long state) {
    return (state & COLD) != 0;
  }

  /** The version, and whether the slot is idle: what distinguishes one lease from another. */
  static long lookable(long state) {
    return (state & -ONE_VERSION) | (phase(state) == IDLE ? IDLE : LEASED);
  }

  /** How many leases there were on this slot. */
  static long version(long state) {
    return state >>> VERSION_SHIFT;
  }

  /**
   * The state without a reason to retire. A lease keeps it, to prove that it is the current lease.
   */
  static long token(long state) {
    return state & ~REASON_MASK;
  }

  /** The token of the current lease, for its holder. */
  final long token() {
    return token(state);
  }

  /** The reason to retire that the state carries, if any. */
  static @Nullable RecycleReason reason(long state) {
    int code = (int) ((state & REASON_MASK) >>> REASON_SHIFT);
    return code == 0 ? null : RecycleReason.ofCode(code);
  }

  /**
   * Claims an idle instance seen in this state for the calling thread, unless it is marked cold.
   *
   * @return the lease's token, or {@link #NO_LEASE}
   */
  final long tryLeaseWarm(long seen) {
    long token = seen + ONE_VERSION + (LEASED - IDLE);
    return (seen & (PHASE_MASK | COLD)) == IDLE && STATE.compareAndSet(this, seen, token)
        ? token
        : NO_LEASE;
  }

  /** Claims an idle instance seen in this state for the calling thread. */
  final boolean tryLease(long seen) {
    return STATE.compareAndSet(this, seen, ((seen & ~COLD) + ONE_VERSION) + (LEASED - IDLE));
  }

  /** Ends the lease with this token, unless it has ended or its instance is to be retired. */
  final boolean tryReturn(long token) {
    return STATE.compareAndSet(this, token, token + (RETURNING - LEASED));
  }

  /** Moves a slot seen in this state to another phase and drops its marks. */
  final boolean tryMove(long seen, long phase) {
    return STATE.compareAndSet(this, seen, withPhase(seen, phase));
  }

  /** Sets the reason to retire on a lease seen in this state. */
  final boolean tryCondemn(long seen, RecycleReason reason) {
    return STATE.compareAndSet(this, seen, token(seen) | ((long) reason.code() << REASON_SHIFT));
  }

  /** Marks an idle instance seen in this state as not needed. */
  final boolean tryCool(long seen) {
    return STATE.compareAndSet(this, seen, seen | COLD);
  }

  /**
   * Makes a returned instance available, in release mode. A thread that must not miss it watches
   * the slots that it saw {@link #RETURNING} until their state changes; see {@link WaiterQueue}.
   */
  final void publishReturned(long token) {
    STATE.setRelease(this, token + (IDLE - LEASED));
  }

  /** Moves a slot that the caller owns. */
  final void moveTo(long phase) {
    state = withPhase(state, phase);
  }

  /** Undoes a lease that the caller has just claimed and not passed on. */
  final void cancelLease() {
    state = withPhase(state, RETURNING) - ONE_VERSION;
  }

  /** Starts a lease on a slot that the caller owns, for another thread. */
  final void leaseToWaiter() {
    state = withPhase(state, LEASED) + ONE_VERSION;
  }

  private static long withPhase(long state, long phase) {
    return (state & -ONE_VERSION) | phase;
  }

  /** The token of the last of this many leases from now; no limit when {@code leases} is 0. */
  final long tokenAfter(long leases) {
    long now = version(state);
    long limit = (Long.MAX_VALUE >>> VERSION_SHIFT) - 1;
    return leases == 0 || leases > limit - now
        ? Long.MAX_VALUE
        : ((now + leases) << VERSION_SHIFT) | LEASED;
  }

  /** The line for this slot in a {@link CloseReport}; null when its instance is closed. */
  final @Nullable String straggler() {
    long seen = state;
    String what =
        switch ((int) phase(seen)) {
          case (int) VACANT -> null;
          case (int) CREATING -> "still being created";
          case (int) LEASED -> "still leased";
          case (int) RETIRING -> "still being closed";
          default -> "still being returned";
        };
    Throwable taken = takenAt;
    if (what == null || taken == null) {
      return what == null ? null : "slot " + index + ": " + what;
    }
    String where =
        Arrays.stream(taken.getStackTrace())
            .filter(frame -> !frame.getClassName().equals(InstancePool.class.getName()))
            .findFirst()
            .map(StackTraceElement::toString)
            .orElse("an unknown place");
    return "slot %d: %s; %s at %s".formatted(index, what, taken.getMessage(), where);
  }

  /** The instance, for the holder of the lease with this token. */
  final T leased(long token) {
    T instance = value;
    if (token(state) != token || instance == null) {
      throw new IllegalStateException("the lease has been closed");
    }
    return instance;
  }
}
