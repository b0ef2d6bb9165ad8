package io.gonext.host.internal.service.cache;

import io.gonext.host.CacheInvalidations.Batch;
import io.gonext.host.internal.store.CacheStore;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The invalidations of all hosts, and who waits for them. An invalidation of this host wakes its
 * readers at once, one of another host at the next {@link #look}.
 *
 * <p>Thread-safe.
 */
public final class Outbox {
  /** How long an invalidation is kept, by the clock of the host that deletes it. */
  static final Duration KEPT = Duration.ofHours(24);

  /** How many are kept. */
  static final int NEWEST = 10_000;

  private static final Duration PRUNED_EVERY = Duration.ofMinutes(1);

  private final CacheStore store;
  private final InstantSource clock;

  /** The highest id that this host has heard of. Guarded by this. */
  private long known;

  /** Guarded by this. */
  private Instant prunedAt = Instant.MIN;

  /**
   * @throws io.gonext.host.StoreException when the store cannot be read
   */
  public Outbox(CacheStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
    this.known = store.last();
  }

  /**
   * Stores an invalidation, and deletes old ones once a minute.
   *
   * @throws io.gonext.host.StoreException when the store fails
   */
  void append(String plugin, List<String> tags) {
    Instant now = clock.instant();
    heardOf(store.append(plugin, tags, now));
    if (isPruneDue(now)) {
      store.prune(now.minus(KEPT), NEWEST);
    }
  }

  private synchronized boolean isPruneDue(Instant now) {
    if (now.isBefore(prunedAt.plus(PRUNED_EVERY)) && !now.isBefore(prunedAt)) {
      return false;
    }
    prunedAt = now;
    return true;
  }

  /**
   * Looks for invalidations of other hosts.
   *
   * @throws io.gonext.host.StoreException when the store cannot be read
   */
  public void look() {
    heardOf(store.last());
  }

  private synchronized void heardOf(long id) {
    if (id > known) {
      known = id;
      notifyAll();
    }
  }

  /** The highest id that this host has heard of. */
  synchronized long known() {
    return known;
  }

  /** See {@link io.gonext.host.CacheInvalidations#last}. */
  public long last() {
    return store.last();
  }

  /** See {@link io.gonext.host.CacheInvalidations#after}. */
  public Batch after(long id, int limit) {
    return store.after(id, limit);
  }

  /** See {@link io.gonext.host.CacheInvalidations#await}. */
  public synchronized boolean await(long id, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (known <= id) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return true;
  }
}
