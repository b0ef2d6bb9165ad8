package io.gonext.pool;

import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends leases: resets and weighs the instance, and makes it idle by a release store if no caller
 * waits. Otherwise {@link Placement} decides where it goes.
 */
final class Returns<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Returns.class);

  private final PoolState<T> state;
  private final Allocator<T> allocator;
  private final PoolConfig config;
  private final PoolRuntime runtime;
  private final long recycleAtBytes;
  private final Placement<T> placement;
  private final LongAdder doubleReturns = new LongAdder();

  Returns(
      PoolState<T> state,
      Placement<T> placement,
      PoolConfig config,
      Allocator<T> allocator,
      PoolRuntime runtime) {
    this.state = state;
    this.allocator = allocator;
    this.config = config;
    this.runtime = runtime;
    this.recycleAtBytes = config.recycleAtBytes() == 0 ? Long.MAX_VALUE : config.recycleAtBytes();
    this.placement = placement;
  }

  long doubleReturns() {
    return doubleReturns.sum();
  }

  void markUnusable(Slot<T> slot, long token, Throwable cause) {
    long seen = slot.state();
    while (SlotState.token(seen) == token && SlotState.reason(seen) != RecycleReason.UNUSABLE) {
      slot.unusable = cause;
      if (slot.tryCondemn(seen, RecycleReason.UNUSABLE)) {
        return;
      }
      seen = slot.state();
    }
  }

  /**
   * Ends the lease with this token.
   *
   * @return whether it had not ended before
   */
  boolean giveBack(Slot<T> slot, Tether<T> tether, long token) {
    // Read these before the compare-and-set. They do not change while the lease is current; if it
    // is not, the compare-and-set fails and they are not used.
    T instance = slot.value;
    long lastToken = slot.lastToken;
    long weight = slot.weight;
    if (slot.tryReturn(token)) {
      slot.tether = tether;
      settle(slot, token, instance, lastToken, weight);
      return true;
    }
    return giveBackCondemned(slot, tether, token);
  }

  private void settle(
      Slot<T> slot, long token, @Nullable T instance, long lastToken, long weightBefore) {
    if (token >= lastToken) {
      placement.retire(slot, RecycleReason.MAX_USES);
      return;
    }
    long weight;
    try {
      allocator.reset(Objects.requireNonNull(instance));
      weight = allocator.weightBytes(instance);
    } catch (Throwable t) {
      failedReset(slot, t);
      return;
    }
    if (weight >= recycleAtBytes) {
      placement.retire(slot, RecycleReason.MEMORY);
    } else if (weight == weightBefore && !state.isAwaited()) {
      state.rack.returning(slot);
      slot.publishReturned(token);
    } else {
      settleChanged(slot, weight);
    }
  }

  private void settleChanged(Slot<T> slot, long weight) {
    long growth = weight - slot.weight;
    slot.weigh(weight);
    placement.addBytes(growth);
    placement.offer(slot);
    if (growth > 0) {
      runtime.governor().grew(growth, true);
    } else if (growth < 0) {
      runtime.governor().freed(-growth);
    }
  }

  private void failedReset(Slot<T> slot, Throwable failure) {
    placement.allocatorFailed();
    try {
      LOG.warn("pool {}: an instance could not be reset and is retired", config.name(), failure);
    } finally {
      placement.retire(slot, RecycleReason.ERROR);
    }
  }

  private boolean giveBackCondemned(Slot<T> slot, Tether<T> tether, long token) {
    long seen = slot.state();
    while (SlotState.token(seen) == token) {
      RecycleReason reason = SlotState.reason(seen);
      if (slot.tryMove(seen, SlotState.RETURNING)) {
        slot.tether = tether;
        if (reason == null) {
          settle(slot, token, slot.value, slot.lastToken, slot.weight);
        } else {
          placement.retire(slot, reason);
        }
        return true;
      }
      seen = slot.state();
    }
    doubleReturns.increment();
    return false;
  }

  /** Takes back a slot whose lease became unreachable. Runs on the cleaner's thread. */
  private void reclaim(Slot<T> slot) {
    long seen = slot.state();
    while (SlotState.phase(seen) == SlotState.LEASED) {
      if (slot.tryMove(seen, SlotState.RETURNING)) {
        try {
          LOG.warn(
              "pool {}: a lease was dropped without being closed{}",
              config.name(),
              config.leakTracking()
                  ? "; it was taken here"
                  : " (set leakTracking to learn where it was taken)",
              slot.takenAt);
        } finally {
          placement.retire(slot, RecycleReason.LEAK);
        }
        return;
      }
      seen = slot.state();
    }
  }

  /**
   * Gives a slot a tether that the cleaner watches, unless it has one. The caller owns the slot.
   */
  void tether(Slot<T> slot) {
    if (slot.tether == null) {
      Tether<T> tether = new Tether<>(slot);
      slot.tetherWatch = runtime.cleaner().register(tether, () -> reclaim(slot));
      slot.tether = tether;
    }
  }
}
