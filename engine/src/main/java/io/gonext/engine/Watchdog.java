package io.gonext.engine;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * One thread that ends calls at their deadlines.
 *
 * <p>While any call runs, the thread scans every instance's {@link Occupancy} once per tick. It
 * sleeps when no call has run for a while. So a call costs a volatile write and a volatile read,
 * and no timer object. A deadline strikes at most one tick and one scan late. A scan that fails,
 * for example because the heap is full, is counted, and scanning continues.
 */
final class Watchdog implements AutoCloseable {
  /** The time between scans. The 200 wake-ups per second while calls run cost 0.1 % of a core. */
  private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  /**
   * How many ticks without a call pass before the thread sleeps, so that a steady load never has to
   * wake it.
   */
  private static final int TICKS_BEFORE_SLEEP = 200;

  private final Set<Occupancy> occupancies = ConcurrentHashMap.newKeySet();
  private final LongSupplier nanoTime;
  private final Thread thread;

  /** Scans that failed. Written by the thread. */
  private volatile long failures;

  /** Set before the last scan that precedes sleep: see {@link #onArmed}. */
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

  /** Scans this occupancy until it is {@linkplain #forget forgotten}. */
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
   * Called after a volatile write armed a deadline. Either this call sees {@code asleep} and wakes
   * the thread, or the thread's last scan, after its volatile write, sees the armed deadline.
   */
  void onArmed() {
    if (asleep) {
      LockSupport.unpark(thread);
    }
  }

  /** How many scans failed. Scanning continued after each. */
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
        // All deadlines depend on this thread, so it must not end.
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

  /**
   * Whether the watchdog is closed. It accepts no more calls, but still ends armed calls at their
   * deadlines.
   */
  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
