package io.gonext.engine;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;

/**
 * The processor time of one thread since this object was created. It does not depend on how busy
 * the machine is. If the JVM does not measure processor time, this is wall-clock time.
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

  /** The time until now. For a thread that has ended, wall-clock time. */
  Duration taken() {
    long now = began < 0 ? -1 : THREADS.getThreadCpuTime(thread);
    return Duration.ofNanos(now < 0 ? byClock() : now - began);
  }

  /**
   * Whether the time exceeds the limit, or the wall-clock time exceeds it so far that the thread
   * must be stuck.
   */
  boolean isOver(Duration limit) {
    return taken().compareTo(limit) > 0
        || byClock() > limit.multipliedBy(Engine.MOST_WAITING).toNanos();
  }

  private long byClock() {
    return System.nanoTime() - beganByClock;
  }
}
