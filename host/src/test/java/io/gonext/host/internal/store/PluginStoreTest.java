package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What the store promises, on each database. */
@ParameterizedClass
@EnumSource
@Execution(ExecutionMode.CONCURRENT)
class PluginStoreTest {
  private static final String NAME = "my-plugin";
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final StoredVersion FIRST = new StoredVersion("1.0.0", "ab".repeat(32), NOON);
  private static final StoredVersion SECOND =
      new StoredVersion("2.0.0", "cd".repeat(32), NOON.plusSeconds(1));
  private static final StoredVersion THIRD =
      new StoredVersion("3.0.0", "ef".repeat(32), NOON.plusSeconds(2));

  @TempDir private Path directory;
  private final Database database;

  PluginStoreTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @Test
  void stored_plugins_are_found_after_a_restart() {
    byte[] bundle = new byte[3 << 20];
    bundle[12_345] = 7;
    try (PluginStore store = open()) {
      assertThat(store.insert(NAME, FIRST, bundle)).isTrue();
      StoredPlugin read = read(store);
      assertThat(store.change(read, NextRevision.in(read, PluginState.ACTIVE))).isTrue();
    }
    try (PluginStore store = open()) {
      assertThat(store.list())
          .containsExactly(
              new StoredPlugin(
                  NAME,
                  PluginState.ACTIVE,
                  FIRST,
                  null,
                  null,
                  null,
                  null,
                  NOON.toEpochMilli() + 1));
      assertThat(store.bundle(NAME, FIRST.sha256()).orElseThrow()).isEqualTo(bundle);
    }
  }

  @Test
  void a_name_is_taken_once() {
    try (PluginStore store = open()) {
      assertThat(store.insert(NAME, FIRST, new byte[] {1})).isTrue();
      assertThat(store.insert(NAME, SECOND, new byte[] {2})).isFalse();
      assertThat(read(store).current()).isEqualTo(FIRST);
      assertThat(store.bundle(NAME, SECOND.sha256())).isEmpty();
    }
  }

  @Test
  void of_two_changes_of_what_was_read_once_only_the_first_is_made() {
    try (PluginStore store = open()) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      assertThat(store.change(read, NextRevision.in(read, PluginState.ACTIVE))).isTrue();
      assertThat(
              store.change(
                  read, NextRevision.replacedBy(read, SECOND, NOON), SECOND, new byte[] {2}))
          .isFalse();
      assertThat(store.delete(read, false)).isFalse();
      assertThat(read(store).state()).isEqualTo(PluginState.ACTIVE);
      assertThat(read(store).current()).isEqualTo(FIRST);
      assertThat(store.bundle(NAME, SECOND.sha256())).isEmpty();
    }
  }

  @Test
  void the_version_before_the_current_one_is_kept_and_older_ones_are_not() {
    try (PluginStore store = open()) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      assertThat(
              store.change(
                  read, NextRevision.replacedBy(read, SECOND, NOON), SECOND, new byte[] {2}))
          .isTrue();
      assertThat(read(store).previous()).isEqualTo(FIRST);
      assertThat(read(store).replacedAt()).isEqualTo(NOON);
      assertThat(store.bundle(NAME, FIRST.sha256())).isPresent();

      read = read(store);
      assertThat(store.change(read, NextRevision.awaiting(read, THIRD), THIRD, new byte[] {3}))
          .isTrue();
      assertThat(read(store).pending()).isEqualTo(THIRD);
      assertThat(store.bundle(NAME, FIRST.sha256())).isPresent();

      read = read(store);
      assertThat(store.change(read, NextRevision.replacedBy(read, THIRD, NOON))).isTrue();
      assertThat(read(store).pending()).isNull();
      assertThat(read(store).previous()).isEqualTo(SECOND);
      assertThat(store.bundle(NAME, FIRST.sha256())).isEmpty();

      read = read(store);
      assertThat(store.change(read, NextRevision.withoutPrevious(read))).isTrue();
      assertThat(store.bundle(NAME, SECOND.sha256())).isEmpty();
      assertThat(store.bundle(NAME, THIRD.sha256())).contains(new byte[] {3});
    }
  }

  @Test
  void a_cause_is_kept_while_a_plugin_is_errored_and_cut_where_it_is_too_long() {
    try (PluginStore store = open()) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      store.change(read, NextRevision.in(read, PluginState.ACTIVE));
      read = read(store);
      assertThat(store.change(read, NextRevision.errored(read, "x".repeat(5_000)))).isTrue();
      assertThat(read(store).cause()).hasSize(1_000).endsWith("…");
      read = read(store);
      assertThat(store.change(read, NextRevision.in(read, PluginState.INACTIVE))).isTrue();
      assertThat(read(store).cause()).isNull();
    }
  }

  @Test
  void an_errored_plugin_cannot_become_active() {
    StoredPlugin errored =
        NextRevision.errored(
            NextRevision.in(NextRevision.installed(NAME, FIRST), PluginState.ACTIVE), "it trapped");
    assertThatThrownBy(() -> NextRevision.in(errored, PluginState.ACTIVE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("from ERRORED to ACTIVE");
  }

  @Test
  void of_many_who_install_one_name_at_once_one_succeeds() throws Exception {
    try (PluginStore store = open();
        ExecutorService operators = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> installs = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        StoredVersion version = i % 2 == 0 ? FIRST : SECOND;
        installs.add(() -> store.insert(NAME, version, new byte[] {1}));
      }
      int made = 0;
      for (Future<Boolean> install : operators.invokeAll(installs)) {
        made += install.get() ? 1 : 0;
      }
      assertThat(made).isEqualTo(1);
      StoredVersion other = read(store).current().equals(FIRST) ? SECOND : FIRST;
      assertThat(store.bundle(NAME, other.sha256())).isEmpty();
    }
  }

  @Test
  void a_plugin_that_was_installed_again_is_another() {
    try (PluginStore store = open()) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin before = read(store);
      store.delete(before, false);
      store.insert(NAME, SECOND, new byte[] {2});
      assertThat(store.change(before, NextRevision.in(before, PluginState.ACTIVE))).isFalse();
    }
  }

  @Test
  void a_change_is_reported_once() {
    try (PluginStore store = open();
        StoreChanges changes = store.changes()) {
      assertThat(changes.take()).isEmpty();
      store.insert(NAME, FIRST, new byte[] {1});
      store.insert("other", FIRST, new byte[] {1});
      assertThat(changes.take()).containsExactly(NAME, "other");
      assertThat(changes.take()).isEmpty();

      store.change(read(store), NextRevision.in(read(store), PluginState.ACTIVE));
      assertThat(changes.take()).containsExactly(NAME);
      store.grants().decide(NAME, "1.0.0", List.of("kv.read"), true, "me");
      assertThat(changes.take()).containsExactly(NAME);
      store.delete(read(store), false);
      assertThat(changes.take()).containsExactly(NAME);
      store.insert(NAME, SECOND, new byte[] {1});
      assertThat(changes.take()).containsExactly(NAME);
      assertThat(changes.take()).isEmpty();
    }
  }

  @Test
  void decisions_are_of_one_version_and_go_with_the_plugin() {
    try (PluginStore store = open()) {
      GrantStore grants = store.grants();
      assertThat(grants.decide(NAME, "1.0.0", List.of("kv.read"), true, "me")).isFalse();
      store.insert(NAME, FIRST, new byte[] {1});
      assertThat(grants.decide(NAME, "1.0.0", List.of("kv.read", "kv.write"), true, "me")).isTrue();
      grants.decide(NAME, "1.0.0", List.of("kv.write", "kv.write"), false, "me");
      assertThat(grants.decisions(NAME, "1.0.0"))
          .isEqualTo(Map.of("kv.read", true, "kv.write", false));
      assertThat(grants.decisions(NAME, "2.0.0")).isEmpty();
      store.delete(read(store), false);
      assertThat(grants.decisions(NAME, "1.0.0")).isEmpty();
    }
  }

  @Test
  void a_deleted_plugin_is_not_found() {
    try (PluginStore store = open()) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      assertThat(store.delete(read, false)).isTrue();
      assertThat(store.delete(read, false)).isFalse();
      assertThat(store.find(NAME)).isEmpty();
      assertThat(store.bundle(NAME, FIRST.sha256())).isEmpty();
      assertThat(store.list()).isEmpty();
    }
  }

  @Test
  void an_interrupted_thread_reads_and_writes_and_stays_interrupted() {
    try (PluginStore store = open()) {
      Thread.currentThread().interrupt();
      assertThat(store.insert(NAME, FIRST, new byte[1 << 20])).isTrue();
      StoredPlugin read = read(store);
      assertThat(store.change(read, NextRevision.in(read, PluginState.ACTIVE))).isTrue();
      assertThat(store.grants().decide(NAME, "1.0.0", List.of("kv.read"), true, "me")).isTrue();
    } finally {
      // Cleared for what comes after; it closed the store while it was interrupted.
      assertThat(Thread.interrupted()).isTrue();
    }
    try (PluginStore store = open()) {
      assertThat(read(store).state()).isEqualTo(PluginState.ACTIVE);
      assertThat(store.grants().decisions(NAME, "1.0.0")).containsEntry("kv.read", true);
    }
  }

  @Test
  void decisions_on_a_version_are_deleted_with_it() {
    try (PluginStore store = open()) {
      store.insert(NAME, FIRST, new byte[] {1});
      store.grants().decide(NAME, "1.0.0", List.of("kv.read"), true, "me");
      StoredPlugin read = read(store);
      store.change(read, NextRevision.replacedBy(read, SECOND, NOON), SECOND, new byte[] {2});
      assertThat(store.grants().decisions(NAME, "1.0.0")).hasSize(1);
      read = read(store);
      store.change(read, NextRevision.withoutPrevious(read));
      assertThat(store.grants().decisions(NAME, "1.0.0")).isEmpty();
    }
  }

  private PluginStore open() {
    return PluginStore.open(directory, database);
  }

  private static StoredPlugin read(PluginStore store) {
    return store.find(NAME).orElseThrow();
  }
}
