package io.gonext.host.internal.service.kv;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.store.KeyValueStore;
import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The functions {@code gn_kv_*} on the key-value entries of plugins. A read runs on the guest's
 * thread. Changes run on a few threads of this service, which nobody interrupts: the changes of
 * many guests become one transaction there, and an interrupt during a commit of the embedded
 * database would let the commit return before its data is written.
 *
 * <p>Thread-safe.
 */
public final class KeyValueService implements HostService {
  /** How long one operation may keep a guest waiting, whatever its deadline is. */
  public static final Duration BUDGET = Duration.ofSeconds(1);

  private static final int MAX_KEY_BYTES = 256;
  private static final int MAX_VALUE_BYTES = 256 * 1024;

  /** Fewer than the store has connections, because operators and the audit log need some too. */
  private static final int THREADS = 4;

  private static final int WAITING = 1024;

  private final KeyValueStore store;
  private final KeyValueQuota cap;
  private final ThreadPoolExecutor threads;

  /**
   * @param cap the most that a plugin may have; its manifest may lower it
   */
  public KeyValueService(KeyValueStore store, KeyValueQuota cap) {
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

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    PluginEntries entries = entriesOf(scope.manifest(), !scope.mode().hasEffects());
    return Map.of(
        data("gn_kv_get"),
        Body.answering(arguments -> entries.get(key(arguments), arguments)),
        data("gn_kv_set"),
        Body.answering(
            arguments -> entries.set(key(arguments), arguments.bytes(2, MAX_VALUE_BYTES))),
        data("gn_kv_set_if_absent"),
        Body.answering(
            arguments -> entries.setIfAbsent(key(arguments), arguments.bytes(2, MAX_VALUE_BYTES))),
        data("gn_kv_del"),
        Body.answering(arguments -> entries.delete(key(arguments))),
        data("gn_kv_incr"),
        Body.answering(arguments -> entries.increment(key(arguments), arguments.number(2))));
  }

  private static ImportKey data(String name) {
    return new ImportKey("gonext_data", name);
  }

  /** The text of PostgreSQL cannot hold NUL. */
  private static String key(GuestArguments arguments) {
    String key = arguments.text(0, MAX_KEY_BYTES);
    GuestArguments.require(!key.isEmpty() && key.indexOf(0) < 0);
    return key;
  }

  PluginEntries entriesOf(Manifest manifest, boolean dryRun) {
    Manifest.KeyValueQuota asked = manifest.keyValues();
    return new PluginEntries(
        manifest.name(),
        store,
        new KeyValueQuota(
            Math.min(asked.maxBytes().orElse(cap.maxBytes()), cap.maxBytes()),
            Math.min(asked.maxKeys().orElse(cap.maxKeys()), cap.maxKeys())),
        threads,
        BUDGET,
        dryRun);
  }

  @Override
  public List<String> warnings(Manifest manifest) {
    return cuts(manifest, cap);
  }

  /** The fields of a manifest that ask for more than an operator allows, a sentence each. */
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

  /** Changes that have begun end normally; the others and later ones fail. */
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
