package io.gonext.server;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong in this server itself, whoever asked for what. A server that answers requests
 * with little else is not ready, though it lives.
 *
 * <p>Thread-safe.
 */
final class InternalErrors {
  /** Fewer errors in a minute are told, and no more. */
  static final int MANY = 20;

  static final Duration WINDOW = Duration.ofMinutes(1);

  private final Counter counter;
  private final LongSupplier nanoTime;

  /** The minute that is counted now, and the one before it. Guarded by this. */
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

  /** A request ended in an error of the server. */
  void happened(Throwable error) {
    counter.increment();
    String name = error.getClass().getName();
    synchronized (this) {
      turn();
      errors++;
      last = name;
    }
  }

  /** A request was answered, whatever the answer. */
  synchronized void answered() {
    turn();
    answers++;
  }

  private void turn() {
    long minutes = (nanoTime.getAsLong() - beganNanos) / WINDOW.toNanos();
    if (minutes > 0) {
      errorsBefore = minutes == 1 ? errors : 0;
      answersBefore = minutes == 1 ? answers : 0;
      errors = 0;
      answers = 0;
      beganNanos += minutes * WINDOW.toNanos();
    }
  }

  /** What has happened in the last one to two minutes; empty when nothing has. */
  synchronized Optional<String> lately() {
    turn();
    long count = errors + errorsBefore;
    return count == 0
        ? Optional.empty()
        : Optional.of(count + " internal errors in the last minutes, the last one " + last);
  }

  /** Whether most of at least {@value #MANY} requests of the last minutes ended in one. */
  synchronized boolean areMost() {
    turn();
    long count = errors + errorsBefore;
    return count >= MANY && count > answers + answersBefore;
  }
}
