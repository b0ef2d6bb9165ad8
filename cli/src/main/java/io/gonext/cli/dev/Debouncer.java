package io.gonext.cli.dev;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns a burst of events into one: emits all that came once nothing has come for a while, or once
 * the burst has gone on for too long. Thread-safe; the sink is called without the lock.
 *
 * @param <T> an event; equal ones are one
 */
final class Debouncer<T> implements AutoCloseable {
  /**
   * A burst is cut after this many windows: a file that is written to all the time must not keep
   * everything else from being seen.
   */
  private static final int MOST_WINDOWS = 10;

  /** What was collected, and when its first event came on {@link DevClock#nanoTime}. */
  record Burst<T>(Set<T> events, long beganNanos) {}

  private final Duration window;
  private final DevClock clock;
  private final Consumer<Burst<T>> sink;

  // All guarded by this.
  private Set<T> collected = new LinkedHashSet<>();
  private long began;
  private DevClock.@Nullable Timer timer;
  private boolean closed;

  /** Goes up with each event: a timer that could not be cancelled in time is an old one. */
  private long latest;

  Debouncer(Duration window, DevClock clock, Consumer<Burst<T>> sink) {
    this.window = window;
    this.clock = clock;
    this.sink = sink;
  }

  /** An event; after {@link #close} it is nothing. */
  synchronized void add(T event) {
    if (closed) {
      return;
    }
    long now = clock.nanoTime();
    if (collected.isEmpty()) {
      began = now;
    }
    collected.add(event);
    if (timer != null) {
      timer.cancel();
    }
    long left = began + window.toNanos() * MOST_WINDOWS - now;
    long mine = ++latest;
    timer =
        clock.after(
            Duration.ofNanos(Math.max(0, Math.min(window.toNanos(), left))), () -> emit(mine));
  }

  /** Forgets what was collected. */
  synchronized void cancel() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    collected = new LinkedHashSet<>();
  }

  @Override
  public synchronized void close() {
    cancel();
    closed = true;
  }

  private void emit(long timed) {
    Burst<T> burst;
    synchronized (this) {
      if (timed != latest || collected.isEmpty()) {
        return;
      }
      burst = new Burst<>(collected, began);
      collected = new LinkedHashSet<>();
      timer = null;
    }
    sink.accept(burst);
  }
}
