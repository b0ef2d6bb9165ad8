package io.gonext.pool;

import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/**
 * What a slot holds: read by every checkout and return, and written when the instance changes. Kept
 * apart from what every checkout writes, so that a slot that goes from one processor to another
 * takes a single cache line along. {@link SlotState} says who owns the slot.
 */
abstract class SlotContent<T> {

  final Returns<T> returns;
  final int index;

  /** The instance; null while there is none. Owned with the slot. */
  @Nullable T value;

  /** The token of the lease on which the instance reaches its use limit. Owned with the slot. */
  long lastToken;

  /** The instance's weight as last told, in bytes. Owned with the slot. */
  long weight;

  /** The cleaner's watch over the tether. Owned with the slot. */
  Cleaner.@Nullable Cleanable tetherWatch;

  /** Where the current lease was taken, when that is tracked. Written by the lease's taker. */
  volatile @Nullable Throwable takenAt;

  /** Why the user declared the instance unusable. Written before the reason is set in the state. */
  volatile @Nullable Throwable unusable;

  /** When the instance reaches its age limit. Written on creation. */
  volatile long expiresAt;

  /** When the reaper marked the idle instance cold. Written by the reaper. */
  volatile long coldSince;

  /**
   * The lease that the reaper last saw here, since when, and whether it was logged. Reaper only.
   */
  long watchedToken;

  long watchedSince;
  boolean watchedLogged;

  SlotContent(Returns<T> returns, int index) {
    this.returns = returns;
    this.index = index;
  }

  /** Ends the cleaner's watch; for a slot that will not be leased again. */
  final void releaseTetherWatch() {
    Cleaner.Cleanable watch = tetherWatch;
    if (watch != null) {
      watch.clean();
    }
  }
}
