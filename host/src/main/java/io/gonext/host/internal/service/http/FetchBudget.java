package io.gonext.host.internal.service.http;

import io.gonext.host.internal.service.MinuteBudget;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/** How many requests one plugin may send: in a minute, and at once. Thread-safe. */
final class FetchBudget {
  static final int PER_CALL = 16;
  static final int AT_ONCE = 6;

  /** Of all versions together. */
  private final MinuteBudget minute;

  private final Semaphore running = new Semaphore(AT_ONCE);

  FetchBudget(int perMinute, LongSupplier nanoTime) {
    this.minute = new MinuteBudget(perMinute, nanoTime);
  }

  MinuteBudget minute() {
    return minute;
  }

  Semaphore running() {
    return running;
  }
}
