package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import io.gonext.host.KeyValueEntry;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoreException;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.store.KeyValueStore.Outcome;
import io.gonext.host.internal.store.KeyValueStore.Result;
import io.gonext.host.internal.store.KeyValueStore.Usage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What entries promise, on each database. */
@Tag("slow")
@ParameterizedClass
@EnumSource
class KeyValueStoreTest {
  private static final String P = "my-plugin";
  private static final KeyValueQuota ROOMY = new KeyValueQuota(1 << 20, 1000);

  @TempDir private Path directory;
  private final Database database;
  private PluginStore plugins;
  private KeyValueStore store;

  KeyValueStoreTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() {
    plugins = PluginStore.open(directory, database);
    store = plugins.keyValues();
    install(P);
  }

  @AfterEach
  void close() {
    plugins.close();
  }

  @Test
  void an_entry_is_what_was_written_last() {
    assertThat(store.get(P, "a")).isEmpty();
    assertThat(set("a", "1")).isEqualTo(Outcome.DONE);
    assertThat(set("a", "22")).isEqualTo(Outcome.DONE);
    assertThat(set("Ä", "")).isEqualTo(Outcome.DONE);
    assertThat(value("a")).isEqualTo("22");
    assertThat(value("Ä")).isEmpty();
    assertThat(store.get(P, "A")).isEmpty();
    assertThat(store.usage(P)).isEqualTo(new Usage(3 + 2, 2));
    assertThat(delete(P, "a")).isEqualTo(Outcome.DONE);
    assertThat(delete(P, "a")).isEqualTo(Outcome.NOT_FOUND);
    assertThat(store.get(P, "a")).isEmpty();
    assertThat(store.usage(P)).isEqualTo(new Usage(2, 1));
  }

  @Test
  void entries_are_listed_by_name_a_page_at_a_time() {
    set("b", "22");
    set("a", "");
    set("c", "333");

    assertThat(store.list(P, "", 2))
        .containsExactly(new KeyValueEntry("a", 0), new KeyValueEntry("b", 2));
    assertThat(store.list(P, "b", 2)).containsExactly(new KeyValueEntry("c", 3));
    assertThat(store.list(P, "c", 2)).isEmpty();
    assertThat(store.list("another", "", 2)).isEmpty();
  }

  @Test
  void an_entry_is_set_only_if_there_is_none() {
    assertThat(setIfAbsent(P, "a", bytes("1"), ROOMY)).isEqualTo(Outcome.DONE);
    assertThat(setIfAbsent(P, "a", bytes("22"), ROOMY)).isEqualTo(Outcome.EXISTS);
    assertThat(value("a")).isEqualTo("1");
    assertThat(store.usage(P)).isEqualTo(new Usage(2, 1));
    delete(P, "a");
    assertThat(setIfAbsent(P, "a", bytes("22"), ROOMY)).isEqualTo(Outcome.DONE);
    assertThat(value("a")).isEqualTo("22");
    KeyValueQuota small = new KeyValueQuota(3, 10);
    assertThat(setIfAbsent(P, "b", new byte[3], small)).isEqualTo(Outcome.OVER_QUOTA);
    assertThat(setIfAbsent(P, "a", new byte[3], small)).isEqualTo(Outcome.EXISTS);
  }

  @Test
  void of_changes_in_one_group_the_first_one_sets_the_entry() {
    List<KeyValueChange> group =
        List.of(
            new KeyValueChange.SetIfAbsent("a", bytes("1")),
            new KeyValueChange.SetIfAbsent("a", bytes("2")));
    assertThat(store.change(P, group, ROOMY))
        .extracting(Result::outcome)
        .containsExactly(Outcome.DONE, Outcome.EXISTS);
    assertThat(value("a")).isEqualTo("1");
  }

  @Test
  void of_many_stores_on_one_database_exactly_one_sets_an_entry() throws Exception {
    int threads = 4;
    int entries = 25;
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<Integer>> counts = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        KeyValueStore own = plugins.keyValues();
        counts.add(
            executor.submit(() -> {
              int done = 0;
              for (int i = 0; i < entries; i++) {
                KeyValueChange change = new KeyValueChange.SetIfAbsent("k" + i, new byte[1]);
                done += one(own, P, change, ROOMY).outcome() == Outcome.DONE ? 1 : 0;
              }
              return done;
            }));
      }
      int done = 0;
      for (Future<Integer> count : counts) {
        done += count.get();
      }
      assertThat(done).isEqualTo(entries);
    }
  }

  @Test
  void bytes_of_every_value_up_to_a_quarter_of_a_mebibyte_come_back() {
    byte[] large = new byte[256 * 1024];
    for (int i = 0; i < large.length; i++) {
      large[i] = (byte) i;
    }
    assertThat(set(store, P, "large", large, ROOMY)).isEqualTo(Outcome.DONE);
    assertThat(store.get(P, "large").orElseThrow()).isEqualTo(large);
  }

  @Test
  void entries_that_are_kept_are_those_of_the_next_plugin_of_that_name() {
    set("a", "1");
    plugins.delete(plugins.find(P).orElseThrow(), true);
    assertThat(value("a")).isEqualTo("1");
    install(P);
    assertThat(value("a")).isEqualTo("1");
    assertThat(store.usage(P)).isEqualTo(new Usage(2, 1));
    plugins.delete(plugins.find(P).orElseThrow(), false);
    assertThat(store.get(P, "a")).isEmpty();
  }

  @Test
  void each_plugin_has_entries_of_its_own_and_they_go_with_it() {
    install("other");
    set("a", "mine");
    set(store, "other", "a", bytes("theirs"), ROOMY);
    assertThat(value("a")).isEqualTo("mine");
    delete("other", "a");
    assertThat(value("a")).isEqualTo("mine");

    plugins.delete(plugins.find(P).orElseThrow(), false);
    assertThat(store.get(P, "a")).isEmpty();
    assertThat(store.usage(P)).isEqualTo(new Usage(0, 0));
    assertThatThrownBy(() -> set("a", "again"))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("no plugin named my-plugin");
    install(P);
    assertThat(store.get(P, "a")).isEmpty();
  }

  @Test
  void past_the_quota_of_entries_the_ones_written_longest_ago_go() {
    KeyValueQuota three = new KeyValueQuota(1 << 20, 3);
    for (String name : List.of("a", "b", "c", "a", "d")) {
      set(store, P, name, bytes(name), three);
    }
    assertThat(store.get(P, "b")).isEmpty();
    assertThat(List.of(value("a"), value("c"), value("d"))).containsExactly("a", "c", "d");
    assertThat(store.usage(P)).isEqualTo(new Usage(6, 3));
    increment(store, P, "n", 5, three);
    assertThat(store.get(P, "c")).isEmpty();
  }

  @Test
  void past_the_quota_of_bytes_as_many_go_as_must() {
    KeyValueQuota hundred = new KeyValueQuota(100, 1000);
    for (int i = 0; i < 10; i++) {
      set(store, P, "k" + i, new byte[8], hundred);
    }
    assertThat(store.usage(P)).isEqualTo(new Usage(100, 10));
    assertThat(set(store, P, "big", new byte[52], hundred)).isEqualTo(Outcome.DONE);
    assertThat(store.usage(P)).isEqualTo(new Usage(95, 5));
    assertThat(store.get(P, "k5")).isEmpty();
    assertThat(store.get(P, "k6")).isPresent();
  }

  @Test
  void an_entry_that_can_never_fit_is_refused_and_evicts_nothing() {
    KeyValueQuota ten = new KeyValueQuota(10, 10);
    set(store, P, "a", new byte[4], ten);
    assertThat(set(store, P, "b", new byte[10], ten)).isEqualTo(Outcome.OVER_QUOTA);
    assertThat(set(store, P, "b", new byte[1], new KeyValueQuota(10, 0)))
        .isEqualTo(Outcome.OVER_QUOTA);
    assertThat(store.usage(P)).isEqualTo(new Usage(5, 1));
  }

  @Test
  void a_number_starts_at_0_and_counts_to_the_ends_of_64_bits() {
    assertThat(increment("n", 5)).isEqualTo(new Result(Outcome.DONE, 5));
    assertThat(increment("n", -7)).isEqualTo(new Result(Outcome.DONE, -2));
    assertThat(value("n")).isEqualTo("-2");
    set("n", Long.toString(Long.MAX_VALUE - 1));
    assertThat(increment("n", 1).number()).isEqualTo(Long.MAX_VALUE);
    assertThat(increment("n", 1).outcome()).isEqualTo(Outcome.NOT_A_NUMBER);
    assertThat(value("n")).isEqualTo(Long.toString(Long.MAX_VALUE));
    set("n", Long.toString(Long.MIN_VALUE));
    assertThat(increment("n", -1).outcome()).isEqualTo(Outcome.NOT_A_NUMBER);
  }

  @Test
  void an_entry_that_is_not_a_number_stays_unchanged() {
    for (String text : List.of("", "x", "1.5", " 1", "+1", "0x1", "99999999999999999999", "１")) {
      set("n", text);
      assertThat(increment("n", 1).outcome()).as(text).isEqualTo(Outcome.NOT_A_NUMBER);
      assertThat(value("n")).isEqualTo(text);
    }
  }

  @Test
  void increments_from_many_threads_all_count_and_usage_stays_exact() throws Exception {
    int threads = 4;
    int each = 50;
    KeyValueQuota small = new KeyValueQuota(1 << 20, 10);
    try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        // A store of its own each, as other processes have.
        KeyValueStore own = plugins.keyValues();
        int thread = t;
        done.add(
            executor.submit(() -> {
              for (int i = 0; i < each; i++) {
                increment(own, P, "n", 1, small);
                set(own, P, "k" + thread + i % 5, new byte[i], small);
              }
            }));
      }
      for (Future<?> future : done) {
        future.get();
      }
    }
    assertThat(value("n")).isEqualTo(String.valueOf(threads * each));
    Usage usage = store.usage(P);
    assertThat(usage.entries()).isEqualTo(10);
    long bytes = 1L + value("n").length();
    for (int t = 0; t < threads; t++) {
      for (int k = 0; k < 5; k++) {
        String name = "k" + t + k;
        bytes += store.get(P, name).map(value -> value.length + name.length()).orElse(0);
      }
    }
    assertThat(usage.bytes()).isEqualTo(bytes);
  }

  @Test
  void a_group_leaves_behind_what_its_changes_one_by_one_would() {
    install("single");
    KeyValueQuota tight = new KeyValueQuota(60, 7);
    Random random = new Random(1);
    for (int group = 0; group < 60; group++) {
      List<KeyValueChange> changes = new ArrayList<>();
      for (int i = random.nextInt(1, 12); i > 0; i--) {
        String name = "k" + random.nextInt(10);
        changes.add(
            switch (random.nextInt(6)) {
              case 0 -> new KeyValueChange.Delete(name);
              case 1 -> new KeyValueChange.Increment(name, random.nextInt(-5, 5));
              case 2 -> new KeyValueChange.Set(name, bytes("7"));
              case 3 -> new KeyValueChange.SetIfAbsent(name, new byte[random.nextInt(64)]);
              default -> new KeyValueChange.Set(name, new byte[random.nextInt(64)]);
            });
      }
      List<Result> one = new ArrayList<>();
      changes.forEach(change -> one.add(one(store, "single", change, tight)));
      assertThat(store.change(P, changes, tight)).as("group %s", group).isEqualTo(one);
      assertThat(store.usage(P)).isEqualTo(store.usage("single"));
      for (int key = 0; key < 10; key++) {
        assertThat(store.get(P, "k" + key))
            .as("group %s, k%s", group, key)
            .usingRecursiveComparison()
            .isEqualTo(store.get("single", "k" + key));
      }
    }
  }

  @Test
  void a_group_that_names_more_than_a_page_of_old_entries_evicts_them_all() {
    KeyValueQuota roomy = new KeyValueQuota(1 << 20, 1000);
    List<KeyValueChange> many = new ArrayList<>();
    for (int i = 0; i < 600; i++) {
      many.add(new KeyValueChange.Set("k" + i, new byte[8]));
    }
    store.change(P, many, roomy);
    store.change(
        P,
        List.of(
            new KeyValueChange.Delete("k0"),
            new KeyValueChange.Increment("k1", 1),
            new KeyValueChange.Set("k2", bytes("kept")),
            new KeyValueChange.Set("new", bytes("kept"))),
        new KeyValueQuota(1 << 20, 2));
    assertThat(store.usage(P)).isEqualTo(new Usage(2 + 4 + 3 + 4, 2));
    assertThat(value("k2")).isEqualTo("kept");
    assertThat(value("new")).isEqualTo("kept");
  }

  @Test
  void entries_survive_a_restart() {
    set("a", "1");
    plugins.close();
    plugins = PluginStore.open(directory, database);
    store = plugins.keyValues();
    assertThat(value("a")).isEqualTo("1");
  }

  @Test
  void a_store_that_is_closed_fails_with_a_sentence() {
    plugins.close();
    assertThatThrownBy(() -> store.get(P, "a")).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> set("a", "1")).isInstanceOf(StoreException.class);
  }

  private void install(String plugin) {
    plugins.insert(plugin, new StoredVersion("1.0.0", "ab".repeat(32), Instant.EPOCH), new byte[1]);
  }

  private Outcome set(String name, String value) {
    return set(store, P, name, bytes(value), ROOMY);
  }

  private static Outcome set(
      KeyValueStore store, String plugin, String name, byte[] value, KeyValueQuota quota) {
    return one(store, plugin, new KeyValueChange.Set(name, value), quota).outcome();
  }

  private Outcome setIfAbsent(String plugin, String name, byte[] value, KeyValueQuota quota) {
    return one(store, plugin, new KeyValueChange.SetIfAbsent(name, value), quota).outcome();
  }

  private Outcome delete(String plugin, String name) {
    return one(store, plugin, new KeyValueChange.Delete(name), ROOMY).outcome();
  }

  private Result increment(String name, long delta) {
    return increment(store, P, name, delta, ROOMY);
  }

  private static Result increment(
      KeyValueStore store, String plugin, String name, long delta, KeyValueQuota quota) {
    return one(store, plugin, new KeyValueChange.Increment(name, delta), quota);
  }

  private static Result one(
      KeyValueStore store, String plugin, KeyValueChange change, KeyValueQuota quota) {
    return store.change(plugin, List.of(change), quota).getFirst();
  }

  private String value(String name) {
    return new String(store.get(P, name).orElseThrow(), StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
