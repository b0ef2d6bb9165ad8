package io.gonext.host.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.failure.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginStoreTest {
  private static final String NAME = "my-plugin";
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final StoredVersion FIRST = new StoredVersion("1.0.0", "ab".repeat(32), NOON);
  private static final StoredVersion SECOND =
      new StoredVersion("2.0.0", "cd".repeat(32), NOON.plusSeconds(1));
  private static final StoredVersion THIRD =
      new StoredVersion("3.0.0", "ef".repeat(32), NOON.plusSeconds(2));

  @TempDir private Path directory;

  @Test
  void what_was_stored_is_there_after_a_restart() {
    byte[] bundle = new byte[3 << 20];
    bundle[12_345] = 7;
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(store.insert(NAME, FIRST, bundle)).isTrue();
      StoredPlugin read = read(store);
      assertThat(store.change(read, read.in(PluginState.ACTIVE))).isTrue();
    }
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(store.list())
          .containsExactly(
              new StoredPlugin(NAME, PluginState.ACTIVE, FIRST, null, null, null, null, 1));
      assertThat(store.bundle(NAME, FIRST.sha256()).orElseThrow()).isEqualTo(bundle);
    }
  }

  @Test
  void a_name_is_taken_once() {
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(store.insert(NAME, FIRST, new byte[] {1})).isTrue();
      assertThat(store.insert(NAME, SECOND, new byte[] {2})).isFalse();
      assertThat(read(store).current()).isEqualTo(FIRST);
      assertThat(store.bundle(NAME, SECOND.sha256())).isEmpty();
    }
  }

  @Test
  void of_two_changes_of_what_was_read_once_only_the_first_is_made() {
    try (PluginStore store = PluginStore.open(directory)) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      assertThat(store.change(read, read.in(PluginState.ACTIVE))).isTrue();
      assertThat(store.change(read, read.replacedBy(SECOND, NOON), SECOND, new byte[] {2}))
          .isFalse();
      assertThat(store.delete(read)).isFalse();
      assertThat(read(store).state()).isEqualTo(PluginState.ACTIVE);
      assertThat(read(store).current()).isEqualTo(FIRST);
      assertThat(store.bundle(NAME, SECOND.sha256())).isEmpty();
    }
  }

  @Test
  void the_version_before_the_current_one_is_kept_and_older_ones_are_not() {
    try (PluginStore store = PluginStore.open(directory)) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      assertThat(store.change(read, read.replacedBy(SECOND, NOON), SECOND, new byte[] {2}))
          .isTrue();
      assertThat(read(store).previous()).isEqualTo(FIRST);
      assertThat(read(store).replacedAt()).isEqualTo(NOON);
      assertThat(store.bundle(NAME, FIRST.sha256())).isPresent();

      read = read(store);
      assertThat(store.change(read, read.awaiting(THIRD), THIRD, new byte[] {3})).isTrue();
      assertThat(read(store).pending()).isEqualTo(THIRD);
      assertThat(store.bundle(NAME, FIRST.sha256())).isPresent();

      read = read(store);
      assertThat(store.change(read, read.replacedBy(THIRD, NOON))).isTrue();
      assertThat(read(store).pending()).isNull();
      assertThat(read(store).previous()).isEqualTo(SECOND);
      assertThat(store.bundle(NAME, FIRST.sha256())).isEmpty();

      read = read(store);
      assertThat(store.change(read, read.withoutPrevious())).isTrue();
      assertThat(store.bundle(NAME, SECOND.sha256())).isEmpty();
      assertThat(store.bundle(NAME, THIRD.sha256())).contains(new byte[] {3});
    }
  }

  @Test
  void a_cause_is_kept_while_a_plugin_is_errored_and_cut_where_it_is_too_long() {
    try (PluginStore store = PluginStore.open(directory)) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      store.change(read, read.in(PluginState.ACTIVE));
      read = read(store);
      assertThat(store.change(read, read.errored("x".repeat(5_000)))).isTrue();
      assertThat(read(store).cause()).hasSize(1_000).endsWith("…");
      read = read(store);
      assertThat(store.change(read, read.in(PluginState.INACTIVE))).isTrue();
      assertThat(read(store).cause()).isNull();
    }
  }

  @Test
  void there_is_no_way_from_errored_to_active() {
    StoredPlugin errored =
        StoredPlugin.installed(NAME, FIRST).in(PluginState.ACTIVE).errored("it trapped");
    assertThatThrownBy(() -> errored.in(PluginState.ACTIVE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("from ERRORED to ACTIVE");
  }

  @Test
  void what_was_deleted_is_gone() {
    try (PluginStore store = PluginStore.open(directory)) {
      store.insert(NAME, FIRST, new byte[] {1});
      StoredPlugin read = read(store);
      assertThat(store.delete(read)).isTrue();
      assertThat(store.delete(read)).isFalse();
      assertThat(store.find(NAME)).isEmpty();
      assertThat(store.bundle(NAME, FIRST.sha256())).isEmpty();
      assertThat(store.list()).isEmpty();
    }
  }

  @Test
  void a_store_of_the_first_schema_keeps_its_plugins() throws SQLException {
    String url = "jdbc:h2:file:" + directory.resolve("gonext");
    Flyway.configure()
        .dataSource(url, "", "")
        .locations("classpath:io/gonext/host/store")
        .placeholders(Map.of("blob", "blob"))
        .target("1")
        .load()
        .migrate();
    try (Connection connection = DriverManager.getConnection(url);
        Statement insert = connection.createStatement()) {
      insert.executeUpdate(
          "insert into plugin (name, version, sha256, state, bundle) values ('"
              + NAME
              + "', '1.0.0', '"
              + FIRST.sha256()
              + "', 'ACTIVE', x'0102')");
    }
    try (PluginStore store = PluginStore.open(directory)) {
      assertThat(read(store).state()).isEqualTo(PluginState.ACTIVE);
      assertThat(read(store).current().version()).isEqualTo("1.0.0");
      assertThat(store.bundle(NAME, FIRST.sha256())).contains(new byte[] {1, 2});
    }
  }

  @Test
  void a_store_that_is_no_directory_is_named_with_the_way_out() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> PluginStore.open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("--data");
  }

  @Test
  void a_damaged_store_is_refused_in_one_sentence() throws IOException {
    Files.write(directory.resolve("gonext.mv.db"), new byte[8192]);
    assertThatThrownBy(() -> PluginStore.open(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(directory.toString());
  }

  private static StoredPlugin read(PluginStore store) {
    return store.find(NAME).orElseThrow();
  }
}
