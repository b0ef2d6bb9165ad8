package io.gonext.host;

import io.gonext.host.internal.service.cache.Outbox;
import java.time.Duration;
import java.util.List;

/**
 * The cache invalidations that plugins asked for, on all hosts of the database. They are kept for
 * 24 hours, and the newest 10,000 at most.
 *
 * <p>A reader keeps the id of the last invalidation that it has seen, reads those after it, and
 * waits for more. Thread-safe.
 */
public final class CacheInvalidations {
  private final Outbox outbox;

  CacheInvalidations(Outbox outbox) {
    this.outbox = outbox;
  }

  /**
   * Some invalidations, in order.
   *
   * @param complete false if there were others before these that are no longer kept; then all
   *     entries of a cache may be stale
   * @param next the id to read after the next time
   */
  public record Batch(boolean complete, List<CacheInvalidation> invalidations, long next) {
    /** Copies the invalidations. */
    public Batch {
      invalidations = List.copyOf(invalidations);
    }
  }

  /**
   * The id of the newest invalidation; 0 if there was never one.
   *
   * @throws StoreException when the store cannot be read
   */
  public long last() {
    return outbox.last();
  }

  /**
   * The invalidations after one.
   *
   * @param id of the last one that the reader has seen; 0 for all that are kept
   * @param limit the most that are returned, at least 1
   * @throws StoreException when the store cannot be read
   */
  public Batch after(long id, int limit) {
    return outbox.after(id, limit);
  }

  /**
   * Waits until there is an invalidation after one.
   *
   * @return false when the time was over before
   */
  public boolean await(long id, Duration patience) throws InterruptedException {
    return outbox.await(id, patience);
  }
}
