package io.gonext.host;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.store.KeyValueStore;
import java.util.List;
import java.util.Optional;

/**
 * The key-value entries of plugins, for an operator who looks for the cause of something. Only the
 * plugin changes them.
 *
 * <p>Thread-safe.
 */
public final class KeyValues {
  /** The most entries that one call of {@link #list} returns. */
  public static final int MAX_LISTED = 1_000;

  private final Lifecycle lifecycle;
  private final KeyValueStore store;

  KeyValues(Lifecycle lifecycle, KeyValueStore store) {
    this.lifecycle = lifecycle;
    this.store = store;
  }

  /**
   * What the entries of a plugin take together.
   *
   * @param bytes of names and values
   */
  public record Usage(long entries, long bytes) {}

  /**
   * What the entries of a plugin take.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  public Usage usage(String plugin) {
    requireInstalled(plugin);
    KeyValueStore.Usage usage = store.usage(plugin);
    return new Usage(usage.entries(), usage.bytes());
  }

  /**
   * Entries of a plugin, by name in the order of the database.
   *
   * @param after the last name of the previous call; empty to begin
   * @param limit at most {@link #MAX_LISTED}
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  public List<KeyValueEntry> list(String plugin, String after, int limit) {
    requireInstalled(plugin);
    return store.list(plugin, after, Math.clamp(limit, 1, MAX_LISTED));
  }

  /**
   * The value of an entry, at most 1 MiB.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  public Optional<byte[]> value(String plugin, String name) {
    requireInstalled(plugin);
    return store.get(plugin, name);
  }

  private void requireInstalled(String plugin) {
    if (lifecycle.find(plugin).isEmpty()) {
      throw new UnknownPluginException(plugin);
    }
  }
}
