package io.gonext.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * One thread that ends calls at their occupancies.
 *
 * <p>It looks at every instance's {@link Occupancy} once a tick while any call runs, and sleeps
 * once none has run for a while; so a call costs a volatile write and a volatile read, and no timer
 * object. A deadline strikes at most one tick and one scan late. Whatever goes wrong in a scan, a
 * full heap for instance, is counted, and the next scan comes.
 */
final class Watchdog implements AutoCloseable {
  /** How late a deadline may strike; 200 wake-ups a second while calls run cost 0.1 % of a core. */
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /** How many ticks without a call go by before it sleeps, so that a steady load never wakes it. */
  private static final int TICKS_BEFORE_SLEEP = 200;

  private final Set<Occupancy> occupancies = ConcurrentHashMap.newKeySet();
  private final LongSupplier nanoTime;
  private final Thread thread;

  /** Scans that failed. Written by the thread. */
  private volatile long failures;

  /** Set before the last look at the deadlines that precedes sleep: see {@link #onArmed}. */
  private volatile boolean asleep;

  private volatile boolean closed;

  Watchdog() {
    this(System::nanoTime);
  }

  Watchdog(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.thread = Thread.ofPlatform().daemon().name("gonext-watchdog").unstarted(this::loop);
    thread.start();
  }

  /**
   * From now on this watchdog looks at the deadline, until it is {@linkplain #forget forgotten}.
   */
  void watch(Occupancy occupancy) {
    occupancies.add(occupancy);
  }

  void forget(Occupancy occupancy) {
    occupancies.remove(occupancy);
  }

  int watched() {
    return occupancies.size();
  }

  /**
   * Called after a deadline was armed by a volatile write. Either this sees {@code asleep} and
   * wakes the thread, or the thread's last look, which follows its own volatile write, sees the
   * occupancy.
   */
  void onArmed() {
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  /** How many scans failed; each was followed by another. */
  long failures() {
    return failures;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes it
  private void loop() {
    boolean ended = false;
    while (!ended) {
      try {
        watchUntilClosed();
        ended = true;
      } catch (Throwable failure) {
        // Were this thread to end, so would all occupancies.
        failures++;
        LockSupport.parkNanos(this, TICK_NANOS);
      }
    }
  }

  private void watchUntilClosed() {
    int idleTicks = 0;
    asleep = false;
    while (true) {
      boolean last = closed;
      long next = strikeDue();
      if (last && next == Long.MAX_VALUE) {
        return;
      }
      if (next != Long.MAX_VALUE) {
        idleTicks = 0;
      } else if (++idleTicks > TICKS_BEFORE_SLEEP) {
        asleep = true;
        next = strikeDue();
        if (next == Long.MAX_VALUE && !closed) {
          LockSupport.park(this);
        }
        asleep = false;
        continue;
      }
      LockSupport.parkNanos(this, Math.min(next, TICK_NANOS));
    }
  }

  private long strikeDue() {
    long now = nanoTime.getAsLong();
    long next = Long.MAX_VALUE;
    for (Occupancy occupancy : occupancies) {
      next = Math.min(next, occupancy.strikeIfDue(now));
    }
    return next;
  }

  /** No call may be armed any more; those that are armed are still ended at their occupancies. */
  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
