package io.gonext.host;

import java.time.Instant;
import java.util.List;

/**
 * A plugin's request to drop all entries of caches that have one of some tags.
 *
 * @param id its position; each is one more than the one before it, whatever host stored it
 * @param plugin the name of the plugin
 * @param tags 1 to 64, each of 1 to 256 bytes of UTF-8
 * @param at when a host stored it, by the clock of that host
 */
public record CacheInvalidation(long id, String plugin, List<String> tags, Instant at) {
  /** Copies the tags. */
  public CacheInvalidation {
    tags = List.copyOf(tags);
  }
}
