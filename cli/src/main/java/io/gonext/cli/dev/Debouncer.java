package io.gonext.cli.dev;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Collects a burst of events and emits them together: when no event has come for a while, or when
 * the burst has lasted too long. Thread-safe; the sink is called without the lock.
 *
 * @param <T> an event; equal events are emitted once
 */
final class Debouncer<T> implements AutoCloseable {
  /**
   * A burst is emitted after this many windows at the latest: a file that is written all the time
   * must not delay other events forever.
   */
  private static final int MOST_WINDOWS = 10;

  /** The collected events, and the time of the first in nanoseconds. */
  record Burst<T>(Set<T> events, long beganNanos) {}

  private final Duration window;
  private final TimeSources time;
  private final Consumer<Burst<T>> sink;

  // All guarded by this.
  private Set<T> collected = new LinkedHashSet<>();
  private long began;
  private Timers.@Nullable Timer timer;
  private boolean closed;

  /** Increases with each event, to detect a timer that was not cancelled in time. */
  private long latest;

  Debouncer(Duration window, TimeSources time, Consumer<Burst<T>> sink) {
    this.window = window;
    this.time = time;
    this.sink = sink;
  }

  /** Adds an event; does nothing after {@link #close}. */
  synchronized void add(T event) {
    if (closed) {
      return;
    }
    long now = time.nanoTime();
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
        time.after(
            Duration.ofNanos(Math.max(0, Math.min(window.toNanos(), left))), () -> emit(mine));
  }

  /** Drops the collected events. */
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
