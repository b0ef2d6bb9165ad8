package io.gonext.host.internal.service.cache;

import io.gonext.host.CacheInvalidation;
import io.gonext.host.CacheInvalidations.Batch;
import io.gonext.host.CacheListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that hands invalidations to one listener, in their order. */
final class Follower implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(Follower.class);

  /** How often a listener that throws is called. */
  static final int ATTEMPTS = 5;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration STORE_PAUSE = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final int BATCH = 100;

  private final Outbox outbox;
  private final CachePosition position;
  private final int number;
  private final CacheListener listener;
  private final MeterRegistry meters;
  private final Pause pause;

  /** Waits for some time. */
  @FunctionalInterface
  interface Pause {
    void wait(Duration time) throws InterruptedException;
  }

  /**
   * @param number of the listener, in {@code position}
   */
  Follower(
      Outbox outbox,
      CachePosition position,
      int number,
      CacheListener listener,
      MeterRegistry meters,
      Pause pause) {
    this.outbox = outbox;
    this.position = position;
    this.number = number;
    this.listener = listener;
    this.meters = meters;
    this.pause = pause;
  }

  /** Ends when the thread is interrupted. */
  @Override
  public void run() {
    boolean failing = false;
    while (true) {
      try {
        if (!step()) {
          var _ = outbox.await(position.of(number), PATIENCE);
        }
        failing = false;
      } catch (InterruptedException e) {
        return;
      } catch (Throwable e) {
        // Were this thread to end, its listener would receive nothing more.
        if (!failing) {
          log.warn(
              "the cache invalidations cannot be read, which is tried again: {}", e.toString());
        }
        failing = true;
        if (!paused(STORE_PAUSE)) {
          return;
        }
      }
    }
  }

  private boolean paused(Duration time) {
    try {
      pause.wait(time);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  /** Hands over what there is. False when there is nothing. */
  boolean step() throws InterruptedException {
    long seen = position.of(number);
    Batch batch = outbox.after(seen, BATCH);
    if (!batch.complete()) {
      count("missed");
      log.warn(
          "the cache invalidations after {} are no longer kept: all entries are invalidated", seen);
      handOver("all entries", listener::invalidateAll);
    }
    for (CacheInvalidation invalidation : batch.invalidations()) {
      handOver("invalidation " + invalidation.id(), () -> listener.invalidate(invalidation));
      position.moved(number, invalidation.id());
    }
    position.moved(number, batch.next());
    return batch.next() != seen;
  }

  @FunctionalInterface
  private interface Call {
    void run() throws Exception;
  }

  private void handOver(String what, Call call) throws InterruptedException {
    Duration wait = FIRST_PAUSE;
    for (int attempt = 1; ; attempt++) {
      try {
        call.run();
        count("delivered");
        return;
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception | StackOverflowError | AssertionError | LinkageError e) {
        count("failed");
        if (attempt == ATTEMPTS) {
          count("given_up");
          log.error(
              "a cache listener failed {} times for {}, which it does not get again",
              ATTEMPTS,
              what,
              e);
          return;
        }
      }
      pause.wait(wait);
      wait = wait.multipliedBy(4);
    }
  }

  private void count(String outcome) {
    Counter.builder("gonext.cache.listener.calls")
        .description("Calls of cache listeners, and invalidations that they missed")
        .tag("outcome", outcome)
        .register(meters)
        .increment();
  }
}
