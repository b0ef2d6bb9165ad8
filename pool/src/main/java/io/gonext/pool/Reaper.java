package io.gonext.pool;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What checks a pool's slots every {@link PoolConfig#reapInterval}: age, idle time, overdue leases
 * and the floor.
 *
 * <p>It finds unused instances the way page replacement finds cold pages, so that a checkout reads
 * no clock. Each pass marks idle instances cold. Checkouts take warm instances before cold ones,
 * and a returned instance is warm. An instance that is still cold at a later pass was not needed
 * even at the busiest moment since then.
 *
 * <p>It takes its turns on the thread of the {@link Reapers}, until the end of the pool. A failure
 * is counted, and logged at the start of the next turn, so that even a failing logger cannot end
 * the thread.
 */
final class Reaper<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Reaper.class);
  private static final long PAUSE_AFTER_FAILURE_NANOS = 1_000_000_000L;

  private static final long SWEEP_PAUSE_MIN_NANOS = 25_000L;
  private static final long SWEEP_PAUSE_MAX_NANOS = 100_000_000L;

  private final PoolState<T> state;
  private final Creations<T> creations;
  private final Evictions<T> evictions;
  private final PoolConfig config;
  private final LongSupplier nanoTime;
  private final MemoryGovernor governor;
  private final long reapIntervalNanos;
  private final long maxIdleNanos;
  private final long leaseWarningNanos;
  private final LongAdder failures = new LongAdder();
  private final Reapers reapers;

  /** The last failure until it is logged. Used by the reapers' thread only. */
  private @Nullable Throwable unreported;

  /** When the next pass is due, by the pool's clock. Used by the reapers' thread only. */
  private long nextPass;

  /** When the next turn is due, by the system's clock. Used by the reapers' thread only. */
  private long nextTurn = System.nanoTime();

  /** The last pause between two sweeps of a closing pool. Used by the reapers' thread only. */
  private long sweepPause = SWEEP_PAUSE_MIN_NANOS;

  /** Whether the next turn is due now. */
  private volatile boolean woken;

  private volatile boolean stopped;

  Reaper(
      PoolState<T> state,
      Creations<T> creations,
      Evictions<T> evictions,
      PoolConfig config,
      PoolRuntime runtime) {
    this.state = state;
    this.creations = creations;
    this.evictions = evictions;
    this.config = config;
    this.nanoTime = runtime.nanoTime();
    this.governor = runtime.governor();
    this.reapIntervalNanos = PoolConfig.saturatedNanos(config.reapInterval());
    this.maxIdleNanos = PoolConfig.saturatedNanos(config.maxIdleTime());
    this.leaseWarningNanos = PoolConfig.saturatedNanos(config.leaseWarning());
    this.nextPass = nanoTime.getAsLong() + reapIntervalNanos;
    this.reapers = runtime.reapers();
  }

  void start() {
    reapers.add(this);
  }

  void stop() {
    stopped = true;
    reapers.remove(this);
  }

  /** Lets it check again, at once, what is due. */
  void wake() {
    woken = true;
    reapers.wake();
  }

  long failures() {
    return failures.sum();
  }

  /**
   * Takes a turn if it is time for one.
   *
   * @param now by the system's clock
   * @return nanoseconds until the next turn
   */
  long turnIfDue(long now) {
    if (stopped) {
      return Long.MAX_VALUE;
    }
    if (woken || nextTurn - now <= 0) {
      woken = false;
      nextTurn = now + turn();
    }
    return nextTurn - now;
  }

  private long turn() {
    try {
      Throwable failure = unreported;
      if (failure != null) {
        unreported = null;
        LOG.error("pool {}: the reaper failed and goes on", config.name(), failure);
      }
      long now = nanoTime.getAsLong();
      if (nextPass - now <= 0) {
        nextPass = now + reapIntervalNanos;
        pass();
      }
      return Math.max(0, Math.min(nextPass - now, upkeep()));
    } catch (Throwable t) {
      failures.increment();
      unreported = t;
      return Math.min(reapIntervalNanos, PAUSE_AFTER_FAILURE_NANOS);
    }
  }

  /**
   * Does what cannot wait for the next pass: creations after a pause, and instances that became
   * idle in a closing pool.
   *
   * @return nanoseconds until the next check
   */
  private long upkeep() {
    creations.start(0);
    if (state.isClosing() && evictions.sweep()) {
      sweepPause = Math.min(2 * sweepPause, SWEEP_PAUSE_MAX_NANOS);
      return sweepPause;
    }
    return creations.nanosToRetry();
  }

  /** One pass over all slots. Called by one thread at a time. */
  void pass() {
    long now = nanoTime.getAsLong();
    Slot<T>[] slots = state.rack.slots();
    // From the end, because a search for a cold instance begins at the front and should find one.
    for (int i = slots.length - 1; i >= 0; i--) {
      inspect(slots[i], now);
    }
    evictions.trim();
    governor.enforce();
    creations.start(0);
  }

  private void inspect(Slot<T> slot, long now) {
    long seen = slot.state();
    long phase = SlotState.phase(seen);
    if (phase == SlotState.IDLE) {
      if (now - slot.expiresAt >= 0) {
        evictions.retireIdle(slot, seen, RecycleReason.MAX_AGE);
      } else if (!SlotState.isCold(seen)) {
        slot.coldSince = now;
        slot.tryCool(seen);
      } else if (maxIdleNanos > 0 && now - slot.coldSince >= maxIdleNanos && state.isAboveFloor()) {
        evictions.retireIdle(slot, seen, RecycleReason.IDLE);
      }
    } else if (phase == SlotState.LEASED) {
      if (now - slot.expiresAt >= 0 && SlotState.reason(seen) == null) {
        slot.tryCondemn(seen, RecycleReason.MAX_AGE);
      }
      watch(slot, SlotState.token(seen), now);
    }
  }

  private void watch(Slot<T> slot, long token, long now) {
    if (slot.watchedToken != token) {
      slot.watchedToken = token;
      slot.watchedSince = now;
      slot.watchedLogged = false;
    } else if (leaseWarningNanos > 0
        && !slot.watchedLogged
        && now - slot.watchedSince >= leaseWarningNanos) {
      slot.watchedLogged = true;
      LOG.warn(
          "pool {}: a lease has been out for more than {} s{}",
          config.name(),
          (now - slot.watchedSince) / 1_000_000_000L,
          config.leakTracking() ? "; it was taken here" : "",
          slot.takenAt);
    }
  }
}
