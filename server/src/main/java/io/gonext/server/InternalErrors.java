package io.gonext.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts requests that ended in an error of the server itself. A server that gives hardly any other
 * answer is alive, but not ready.
 *
 * <p>Thread-safe.
 */
final class InternalErrors {
  /** Fewer errors than this are reported, but leave the server ready. */
  static final int MANY = 20;

  static final Duration WINDOW = Duration.ofMinutes(1);

  private final Counter counter;
  private final LongSupplier nanoTime;

  /** The counts of this minute and of the one before it. Guarded by this. */
  private long beganNanos;

  private long errors;
  private long answers;
  private long errorsBefore;
  private long answersBefore;
  private @Nullable String last;

  InternalErrors(MeterRegistry meters, LongSupplier nanoTime) {
    this.counter =
        Counter.builder("gonext.server.internal.errors")
            .description("Requests that ended in an error of the server itself")
            .register(meters);
    this.nanoTime = nanoTime;
    this.beganNanos = nanoTime.getAsLong();
  }

  /** A request ended in an internal error. */
  void happened(Throwable error) {
    counter.increment();
    String name = error.getClass().getName();
    synchronized (this) {
      beginMinute();
      errors++;
      last = name;
    }
  }

  /** A request was answered otherwise. */
  synchronized void answered() {
    beginMinute();
    answers++;
  }

  private void beginMinute() {
    long minutes = (nanoTime.getAsLong() - beganNanos) / WINDOW.toNanos();
    if (minutes > 0) {
      errorsBefore = minutes == 1 ? errors : 0;
      answersBefore = minutes == 1 ? answers : 0;
      errors = 0;
      answers = 0;
      beganNanos += minutes * WINDOW.toNanos();
    }
  }

  /** The errors of the last one to two minutes in one sentence; empty when there are none. */
  synchronized Optional<String> recent() {
    beginMinute();
    long count = errors + errorsBefore;
    return count == 0
        ? Optional.empty()
        : Optional.of(count + " internal errors in the last minutes, the last one " + last);
  }

  /** Whether there were at least {@value #MANY} errors, and more errors than other answers. */
  synchronized boolean areMost() {
    beginMinute();
    long count = errors + errorsBefore;
    return count >= MANY && count > answers + answersBefore;
  }
}
