package io.gonext.host;

/**
 * Receives the cache invalidations of all plugins, on each host of the database. It receives each
 * at least once, one after the other, in the order of {@link CacheInvalidation#id}. A host
 * remembers in its data directory how far its listeners are, and continues there when it is opened
 * again.
 *
 * <p>Each listener has a thread of its own, so one that hangs delays no other. When a listener
 * throws, the host calls it again, five times at most, with growing pauses; then it logs the
 * failure and goes on with the next invalidation.
 */
public interface CacheListener {
  /** Drops the entries that have one of the tags. Interrupted when the host closes. */
  void invalidate(CacheInvalidation invalidation) throws Exception;

  /**
   * Drops all entries. Called when this host missed invalidations that are no longer kept, because
   * it was away for long. Interrupted when the host closes.
   */
  void invalidateAll() throws Exception;
}
