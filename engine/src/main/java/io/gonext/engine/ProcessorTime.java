package io.gonext.engine;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/**
 * The processor time of one thread since it was asked for: what its work takes, however busy the
 * machine is. Where the JVM does not measure it, the clock's time.
 *
 * <p>Safe for any number of threads.
 */
final class ProcessorTime {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final long thread;
  private final long began;
  private final long beganByClock = System.nanoTime();

  private ProcessorTime(long thread) {
    this.thread = thread;
    this.began = THREADS.isThreadCpuTimeSupported() ? THREADS.getThreadCpuTime(thread) : -1;
  }

  static ProcessorTime ofThisThread() {
    return new ProcessorTime(Thread.currentThread().threadId());
  }

  /** What it was until now; of a thread that has ended, what the clock says. */
  Duration taken() {
    long now = began < 0 ? -1 : THREADS.getThreadCpuTime(thread);
    return Duration.ofNanos(now < 0 ? byClock() : now - began);
  }

  /** Whether it is more than this, or so much more by the clock that the thread must be stuck. */
  boolean isOver(Duration limit) {
    return taken().compareTo(limit) > 0
        || byClock() > limit.multipliedBy(Engine.MOST_WAITING).toNanos();
  }

  private long byClock() {
    return System.nanoTime() - beganByClock;
  }
}
