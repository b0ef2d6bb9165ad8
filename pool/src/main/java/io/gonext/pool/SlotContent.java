package io.gonext.pool;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a slot that every checkout and return reads, and that are written when the instance
 * changes. They are apart from the field that every checkout writes, so that a slot that moves
 * between processors moves one cache line. {@link SlotState} says who owns the slot.
 */
abstract class SlotContent<T> {

  private static final VarHandle WEIGHT;

  static {
    try {
      WEIGHT = MethodHandles.lookup().findVarHandle(SlotContent.class, "weight", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final Returns<T> returns;
  final int index;

  /** The instance; null while there is none. Owned with the slot. */
  @Nullable T value;

  /** The token of the lease on which the instance reaches its use limit. Owned with the slot. */
  long lastToken;

  /**
   * The instance's last known weight, in bytes. Owned with the slot. Written by {@link #weigh}
   * only, so that {@link #weighed} may read it without owning the slot.
   */
  long weight;

  /** The cleaner's watch over the tether. Owned with the slot. */
  Cleaner.@Nullable Cleanable tetherWatch;

  /**
   * Where the current lease was taken, when leaks are tracked. Written by the thread that took it.
   */
  volatile @Nullable Throwable takenAt;

  /** Why the user declared the instance unusable. Written before the reason is set in the state. */
  volatile @Nullable Throwable unusable;

  /** When the instance reaches its age limit. Written on creation. */
  volatile long expiresAt;

  /** When the reaper marked the idle instance cold. Written by the reaper. */
  volatile long coldSince;

  /** When the instance was created. Written while it is created, before the phase changes. */
  long createdAt;

  /** How many leases there were on this slot before the instance. Written with it. */
  long leasesBefore;

  /** When the creation or the retirement began. Guarded by the pool's lock. */
  long enteredAt;

  /**
   * The instance and lease that the last snapshot saw here, and since when. Guarded by the pool's
   * lock.
   */
  long lookedAt;

  long lookedSince;

  /**
   * The lease that the reaper last saw here, since when, and whether it was logged. Used by the
   * reaper's thread only.
   */
  long watchedToken;

  long watchedSince;
  boolean watchedLogged;

  SlotContent(Returns<T> returns, int index) {
    this.returns = returns;
    this.index = index;
  }

  /** Sets the weight. Call only as the slot's owner. */
  final void weigh(long bytes) {
    WEIGHT.setOpaque(this, bytes);
  }

  /** The weight as it was a moment ago, for a thread that does not own the slot. */
  final long weighed() {
    return (long) WEIGHT.getOpaque(this);
  }

  /** Ends the cleaner's watch. Call on a slot that will not be leased again. */
  final void releaseTetherWatch() {
    Cleaner.Cleanable watch = tetherWatch;
    if (watch != null) {
      watch.clean();
    }
  }
}
