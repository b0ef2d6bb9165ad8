package io.gonext.engine;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/** What an input may cost: the thread's own time, so that a busy machine makes no difference. */
public final class Budget {
  /** The first run loads classes, and the fuzzer changes them. */
  private static final int ATTEMPTS = 3;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Budget() {}

  /** Runs a task, which does the same each time, and fails when it takes more. */
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
