package io.gonext.host.internal.kv;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.internal.store.KeyValueStore;
import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The key-value entries of all plugins. Operations run on a few threads of its own, which nobody
 * interrupts: a guest's thread is interrupted at its deadline, and an interrupt in the middle of a
 * read closes the embedded database's file and a network connection alike.
 *
 * <p>Thread-safe.
 */
public final class KeyValues implements AutoCloseable {
  /** How long one operation may keep a guest waiting, its deadline apart. */
  public static final Duration BUDGET = Duration.ofSeconds(1);

  /** Fewer than the store has connections: operators and the audit log need some, too. */
  private static final int THREADS = 4;

  private static final int WAITING = 1024;

  private final KeyValueStore store;
  private final KeyValueQuota cap;
  private final ThreadPoolExecutor threads;

  /**
   * @param cap the most of any plugin; its manifest may ask for less
   */
  public KeyValues(KeyValueStore store, KeyValueQuota cap) {
    this.store = store;
    this.cap = cap;
    this.threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(WAITING),
            Thread.ofPlatform().daemon().name("gonext-kv-", 0).factory(),
            new ThreadPoolExecutor.AbortPolicy());
    threads.allowCoreThreadTimeOut(true);
  }

  /** The entries of one plugin. */
  public PluginKeyValues of(Manifest manifest) {
    return of(manifest, false);
  }

  /** The entries of one plugin, of which nothing that is written is kept. */
  public PluginKeyValues dryRunOf(Manifest manifest) {
    return of(manifest, true);
  }

  private PluginKeyValues of(Manifest manifest, boolean dryRun) {
    Manifest.KeyValueQuota asked = manifest.keyValues();
    return new PluginKeyValues(
        manifest.name(),
        store,
        new KeyValueQuota(
            Math.min(asked.maxBytes().orElse(cap.maxBytes()), cap.maxBytes()),
            Math.min(asked.maxKeys().orElse(cap.maxKeys()), cap.maxKeys())),
        threads,
        BUDGET,
        dryRun);
  }

  /** What a plugin asks for and does not get of the quota, a sentence each. */
  public List<String> cuts(Manifest manifest) {
    return cuts(manifest, cap);
  }

  /** As above, for a quota of the operator's. */
  public static List<String> cuts(Manifest manifest, KeyValueQuota cap) {
    List<String> cuts = new ArrayList<>();
    cut(cuts, "max_bytes", manifest.keyValues().maxBytes(), cap.maxBytes());
    cut(cuts, "max_keys", manifest.keyValues().maxKeys(), cap.maxKeys());
    return cuts;
  }

  private static void cut(List<String> cuts, String field, OptionalLong asked, long allowed) {
    if (asked.isPresent() && asked.getAsLong() > allowed) {
      cuts.add(
          "/storage/kv/%s: the plugin gets %d and not %d, since the operator allows no more"
              .formatted(field, allowed, asked.getAsLong()));
    }
  }

  /** Lets operations that have begun end; the others and later ones fail. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      threads.awaitTermination(BUDGET.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
