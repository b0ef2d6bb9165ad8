package io.gonext.host.internal.service.http;

import io.gonext.host.internal.service.MinuteBudget;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/** How many requests one plugin may send: in a minute, and at once. Thread-safe. */
final class FetchBudget {
  static final int PER_CALL = 16;
  static final int AT_ONCE = 6;

  /** Of all versions together. Another one takes its place where the host allows another rate. */
  private volatile MinuteBudget minute;

  private final LongSupplier nanoTime;

  private final Semaphore running = new Semaphore(AT_ONCE);

  FetchBudget(int perMinute, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.minute = new MinuteBudget(perMinute, nanoTime);
  }

  /** The budget of a minute, with the rate that the host allows now. */
  MinuteBudget minute(int perMinute) {
    MinuteBudget budget = minute;
    return budget.perMinute() == perMinute ? budget : replaced(perMinute);
  }

  private synchronized MinuteBudget replaced(int perMinute) {
    if (minute.perMinute() != perMinute) {
      minute = new MinuteBudget(perMinute, nanoTime);
    }
    return minute;
  }

  Semaphore running() {
    return running;
  }
}
