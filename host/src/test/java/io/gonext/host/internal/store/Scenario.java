package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.Database;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Every kind of change that a store makes, one transaction each, in an order that a plugin may
 * live.
 */
final class Scenario {
  private static final String NAME = "app";
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final StoredVersion FIRST = version("1.0.0", "ab");
  private static final StoredVersion SECOND = version("2.0.0", "cd");
  private static final StoredVersion THIRD = version("3.0.0", "ef");

  private static final KeyValueQuota QUOTA = KeyValueQuota.defaults();

  /** Larger than what the database writes at once, so that it writes before the commit. */
  static final int LARGE = 4_000_000;

  private final int bundleBytes;

  private final List<Consumer<PluginStore>> changes =
      List.of(
          store -> require(store.insert(NAME, FIRST, bundle(1))),
          store ->
              require(store.change(read(store), NextRevision.in(read(store), PluginState.ACTIVE))),
          store ->
              require(store.grants().decide(NAME, "1.0.0", List.of("kv.read"), true, "operator")),
          store -> change(store, new KeyValueChange.Set("a", new byte[] {1})),
          store -> change(store, new KeyValueChange.Increment("n", 7)),
          store ->
              change(
                  store,
                  new KeyValueChange.Delete("a"),
                  new KeyValueChange.Increment("n", 1),
                  new KeyValueChange.Set("a", new byte[] {2}),
                  new KeyValueChange.Set("b", new byte[] {3}),
                  new KeyValueChange.Delete("b")),
          store -> change(store, new KeyValueChange.Delete("a")),
          store ->
              require(
                  store.change(
                      read(store),
                      NextRevision.replacedBy(read(store), SECOND, NOON),
                      SECOND,
                      bundle(2))),
          // A rollback, which keeps the version it leaves.
          store ->
              require(store.change(read(store), NextRevision.replacedBy(read(store), FIRST, NOON))),
          store ->
              require(
                  store.change(
                      read(store), NextRevision.awaiting(read(store), THIRD), THIRD, bundle(3))),
          // Deletes the version before the previous one.
          store ->
              require(store.change(read(store), NextRevision.replacedBy(read(store), THIRD, NOON))),
          store -> require(store.change(read(store), NextRevision.withoutPrevious(read(store)))),
          store ->
              require(store.change(read(store), NextRevision.errored(read(store), "it trapped"))),
          store ->
              require(
                  store.change(read(store), NextRevision.in(read(store), PluginState.INACTIVE))),
          store -> require(store.delete(read(store), true)),
          store -> require(store.insert(NAME, FIRST, bundle(1))),
          store -> require(store.delete(read(store), false)));

  /** Each bundle has so many bytes, and a few more. */
  Scenario(int bundleBytes) {
    this.bundleBytes = bundleBytes;
  }

  List<Consumer<PluginStore>> changes() {
    return changes;
  }

  /** The state before the first change, and the one after each; no two of a plugin's life equal. */
  List<Snapshot> states(Path directory) {
    List<Snapshot> states = new ArrayList<>();
    try (PluginStore store = PluginStore.open(directory, Database.embedded())) {
      states.add(Snapshot.of(store));
      for (Consumer<PluginStore> change : changes) {
        change.accept(store);
        states.add(Snapshot.of(store));
      }
    }
    assertThat(states.subList(0, states.size() - 1)).doesNotHaveDuplicates();
    return states;
  }

  private static void change(PluginStore store, KeyValueChange... group) {
    for (KeyValueStore.Result made : store.keyValues().change(NAME, List.of(group), QUOTA)) {
      require(made.outcome() == KeyValueStore.Outcome.DONE);
    }
  }

  /** All that a store holds of the plugin; two that are equal are the same state. */
  record Snapshot(
      Optional<StoredPlugin> plugin,
      Set<String> bundles,
      Map<String, Boolean> decisions,
      KeyValueStore.Usage usage,
      Map<String, String> entries) {
    static Snapshot of(PluginStore store) {
      Set<String> bundles = new LinkedHashSet<>();
      for (StoredVersion version : List.of(FIRST, SECOND, THIRD)) {
        store
            .bundle(NAME, version.sha256())
            .ifPresent(bytes -> bundles.add(version.version() + ":" + bytes.length));
      }
      Map<String, String> entries = new TreeMap<>();
      for (String name : List.of("a", "n")) {
        store
            .keyValues()
            .get(NAME, name)
            .ifPresent(value -> entries.put(name, Arrays.toString(value)));
      }
      return new Snapshot(
          store.find(NAME),
          bundles,
          store.grants().decisions(NAME, "1.0.0"),
          store.keyValues().usage(NAME),
          entries);
    }
  }

  private static StoredPlugin read(PluginStore store) {
    return store.find(NAME).orElseThrow();
  }

  private byte[] bundle(int number) {
    byte[] bytes = new byte[bundleBytes + number];
    new Random(number).nextBytes(bytes);
    return bytes;
  }

  private static void require(boolean made) {
    if (!made) {
      throw new IllegalStateException("the change was not made");
    }
  }

  private static StoredVersion version(String version, String sha256) {
    return new StoredVersion(version, sha256.repeat(32), NOON);
  }
}
