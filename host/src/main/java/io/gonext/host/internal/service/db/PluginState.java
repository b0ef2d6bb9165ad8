package io.gonext.host.internal.service.db;

import io.gonext.host.internal.log.OncePerMinute;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/**
 * What all versions of a plugin share, so that an update does not give it more.
 *
 * <p>Thread-safe.
 */
final class PluginState {
  private static final long UNKNOWN = -1;

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
   * Whether a change may be committed. Above the quota it may if the tables do not grow: to delete
   * rows does not give space back at once.
   *
   * @param now what the tables take with the change
   */
  synchronized boolean admits(long now, long maxBytes) {
    long before = bytes;
    if (now <= maxBytes) {
      bytes = now;
      return true;
    }
    // H2 estimates.
    boolean admitted = before == UNKNOWN || now <= before + before / 100;
    bytes = admitted && before != UNKNOWN ? Math.min(before, now) : now;
    return admitted;
  }
}
