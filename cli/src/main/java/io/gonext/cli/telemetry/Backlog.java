package io.gonext.cli.telemetry;

import io.micrometer.core.instrument.Counter;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many records of one signal wait for their export. More than the limit are dropped and
 * counted, so that a collector that does not answer costs a bounded amount of memory. Thread-safe.
 */
final class Backlog {
  private final int limit;
  private final Counter dropped;
  private final AtomicInteger waiting = new AtomicInteger();

  Backlog(int limit, Counter dropped) {
    this.limit = limit;
    this.dropped = dropped;
  }

  /** Whether one more record may wait; if not, it is counted as dropped. */
  boolean take() {
    if (waiting.incrementAndGet() <= limit) {
      return true;
    }
    waiting.decrementAndGet();
    dropped.increment();
    return false;
  }

  /** Records left for the collector. */
  void left(int records) {
    waiting.addAndGet(-records);
  }
}
