package io.gonext.host.internal.service.db;

import io.gonext.host.internal.log.OncePerMinute;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * What all versions of a plugin share, so that an update does not give it more.
 *
 * <p>Thread-safe.
 */
final class PluginState {
  private static final long UNKNOWN = -1;

  /** About as long as a plain read takes. */
  private static final long PAUSE_NANOS = 20_000;

  /** Reads that trust {@link SqlDialect#plainAt}, and changes: never both at a time. */
  private final AtomicInteger plainReads = new AtomicInteger();

  private final AtomicInteger changes = new AtomicInteger();

  private final Semaphore share;
  private final OncePerMinute cutOffs;

  /** What the plugin's tables took when they were last measured. */
  private volatile long bytes = UNKNOWN;

  PluginState(int connections, LongSupplier nanoTime) {
    this.share = new Semaphore(connections, true);
    this.cutOffs = new OncePerMinute(nanoTime);
  }

  /** The connections that the plugin may have in use. */
  Semaphore share() {
    return share;
  }

  /** When a line about the plugin may be logged. */
  OncePerMinute cutOffs() {
    return cutOffs;
  }

  /** What the tables took when they were last measured; 0 before that. */
  long bytes() {
    return Math.max(0, bytes);
  }

  /**
   * Begins a read whose statement was found plain, unless a change of the plugin is under way,
   * which may put a view in the place of a table.
   *
   * @return false if it has not begun; otherwise {@link #endPlainRead} must follow
   */
  boolean beginPlainRead() {
    plainReads.incrementAndGet();
    boolean begins = changes.get() == 0;
    if (!begins) {
      plainReads.decrementAndGet();
    }
    return begins;
  }

  void endPlainRead() {
    plainReads.decrementAndGet();
  }

  /** Begins a change, once no plain read is under way. {@link #endChange} must follow. */
  void beginChange() {
    changes.incrementAndGet();
    while (plainReads.get() > 0) {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  void endChange() {
    changes.decrementAndGet();
  }

  /**
   * Whether a change may be committed. Above the quota it may if the tables do not grow: to delete
   * rows does not give space back at once.
   *
   * @param now what the tables take with the change
   * @param removes whether the change can only have made them smaller
   */
  synchronized boolean admits(long now, long maxBytes, boolean removes) {
    long before = bytes;
    if (now <= maxBytes) {
      bytes = now;
      return true;
    }
    // H2 estimates.
    boolean admitted = removes || before == UNKNOWN || now <= before + before / 100;
    if (admitted) {
      bytes = before == UNKNOWN ? now : Math.min(before, now);
    }
    return admitted;
  }

  /** What the tables take after a change was refused and rolled back. */
  synchronized void measured(long now) {
    bytes = now;
  }
}
