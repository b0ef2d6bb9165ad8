package io.gonext.engine;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * Checks the cost of an input, in the thread's processor time, so that a busy machine does not
 * matter.
 */
public final class Budget {
  /** The first run also loads classes, which the fuzzer instruments. */
  private static final int ATTEMPTS = 3;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Budget() {}

  /** The processor time of a task's second run, after one that loads its classes. */
  public static Duration time(Runnable task) {
    task.run();
    long before = THREADS.getCurrentThreadCpuTime();
    task.run();
    return Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - before);
  }

  /**
   * Runs a task until it stays within the budget, and fails if it never does. The task must be
   * repeatable.
   */
  public static void check(Duration time, long bytes, Runnable task) {
    for (int attempt = 1; ; attempt++) {
      long timeBefore = THREADS.getCurrentThreadCpuTime();
      long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
      task.run();
      long allocated = THREADS.getCurrentThreadAllocatedBytes() - bytesBefore;
      var taken = Duration.ofNanos(THREADS.getCurrentThreadCpuTime() - timeBefore);
      if (allocated <= bytes && taken.compareTo(time) <= 0) {
        return;
      }
      if (attempt == ATTEMPTS) {
        throw new AssertionError(
            "%s of %s, %d bytes of %d".formatted(taken, time, allocated, bytes));
      }
    }
  }
}
