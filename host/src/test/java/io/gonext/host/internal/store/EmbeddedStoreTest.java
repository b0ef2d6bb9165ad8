package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.PluginState;
import io.gonext.host.StoreException;
import io.gonext.host.StoredVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What holds for the store in a file only. */
@Execution(ExecutionMode.CONCURRENT)
class EmbeddedStoreTest {
  private static final String NAME = "my-plugin";
  private static final String SHA256 = "ab".repeat(32);

  private static final KeyValueQuota QUOTA = KeyValueQuota.defaults();

  @TempDir private Path directory;

  @Test
  void a_store_of_the_first_schema_keeps_its_plugins() throws SQLException {
    String url = "jdbc:h2:file:" + directory.resolve("gonext");
    Flyway.configure()
        .dataSource(url, "", "")
        .locations("classpath:io/gonext/host/internal/store")
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
              + SHA256
              + "', 'ACTIVE', x'0102')");
    }
    try (PluginStore store = open(directory)) {
      assertThat(store.find(NAME).orElseThrow().state()).isEqualTo(PluginState.ACTIVE);
      assertThat(store.find(NAME).orElseThrow().current().version()).isEqualTo("1.0.0");
      assertThat(store.bundle(NAME, SHA256)).contains(new byte[] {1, 2});
    }
  }

  @Test
  void interrupted_reads_of_the_file_succeed_and_leave_it_open() {
    int entries = 40;
    try (PluginStore store = open(directory)) {
      store.insert(NAME, new StoredVersion("1.0.0", SHA256, Instant.EPOCH), new byte[] {1});
      for (int i = 0; i < entries; i++) {
        assertThat(store.keyValues().change(NAME, set(i, new byte[100_000]), QUOTA))
            .extracting(KeyValueStore.Result::outcome)
            .containsExactly(KeyValueStore.Outcome.DONE);
      }
    }
    // Nothing of it is in memory.
    try (PluginStore store = open(directory)) {
      KeyValueStore values = store.keyValues();
      assertThat(values.get(NAME, "none")).isEmpty();
      for (int i = 0; i < entries; i++) {
        Thread.currentThread().interrupt();
        Optional<byte[]> read = values.get(NAME, "e" + i);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(read.orElseThrow()).hasSize(100_000);
      }
      assertThat(values.change(NAME, set(0, new byte[1]), QUOTA)).hasSize(1);
      assertThat(values.get(NAME, "e0").orElseThrow()).hasSize(1);
    }
  }

  private static List<KeyValueChange> set(int entry, byte[] value) {
    return List.of(new KeyValueChange.Set("e" + entry, value));
  }

  @Test
  void a_data_directory_that_is_a_file_is_refused_with_the_fix() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> open(file))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("--data");
  }

  @Test
  void a_data_directory_is_made_for_its_owner_only() throws IOException {
    Path made = directory.resolve("new/data");
    open(made).close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
        .isEqualTo("rwx------");
  }

  @Test
  void files_that_old_versions_left_readable_become_private() throws IOException {
    open(directory).close();
    HostKey.of(directory);
    Files.createFile(directory.resolve("gonext.trace.db"));
    for (Path file : files()) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-r--"));
    }
    try (PluginStore store = open(directory)) {
      HostKey.of(directory);
      assertThat(store.list()).isEmpty();
      assertThat(files())
          .hasSize(4)
          .allSatisfy(file ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                  .isEqualTo("rw-------"));
    }
  }

  @Test
  void files_in_a_directory_that_others_may_read_are_made_for_their_owner() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (PluginStore store = open(directory)) {
      assertThat(store.list()).isEmpty();
      assertThat(files())
          .hasSize(2)
          .allSatisfy(file ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                  .isEqualTo("rw-------"));
    }
  }

  @Test
  void an_empty_database_file_is_refused_with_the_way_out() throws IOException {
    open(directory).close();
    Files.write(directory.resolve("gonext.mv.db"), new byte[0]);
    assertThatThrownBy(() -> open(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("gonext.mv.db is empty")
        .hasMessageContaining("a backup")
        .hasMessageContaining("delete it");
    assertThat(directory.resolve("gonext.mv.db")).isEmptyFile();
  }

  @Test
  void a_missing_database_file_is_refused_where_a_host_has_worked() throws IOException {
    open(directory).close();
    HostKey.of(directory);
    Files.delete(directory.resolve("gonext.mv.db"));
    assertThatThrownBy(() -> open(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("gonext.mv.db is missing")
        .hasMessageContaining("--db")
        .hasMessageContaining("host.key");
    assertThat(directory.resolve("gonext.mv.db")).doesNotExist();

    Files.delete(directory.resolve("host.key"));
    open(directory).close();
    assertThat(directory.resolve("gonext.mv.db")).isNotEmptyFile();
  }

  @Test
  void a_first_start_that_was_killed_does_not_hinder_the_next() throws IOException {
    // What the kill leaves: the lock, and the new file as far as it was written.
    Files.createFile(directory.resolve("gonext.lock"));
    for (byte[] written : List.of(new byte[0], new byte[4096], new byte[100_000])) {
      Files.deleteIfExists(directory.resolve("gonext.mv.db"));
      Files.write(directory.resolve("gonext.new.mv.db"), written);
      try (PluginStore store = open(directory)) {
        assertThat(store.list()).isEmpty();
      }
      assertThat(directory.resolve("gonext.new.mv.db")).doesNotExist();
    }
  }

  @Tag("slow")
  @Test
  void a_truncated_store_is_refused_in_one_sentence() throws IOException {
    for (int size : new int[] {1, 4096, 8191, 8192}) {
      open(directory).close();
      Path file = directory.resolve("gonext.mv.db");
      Files.write(file, Arrays.copyOf(Files.readAllBytes(file), size));
      assertThatThrownBy(() -> open(directory))
          .as("%d bytes", size)
          .isInstanceOf(StoreException.class)
          .hasMessageContaining(directory.toString());
      Files.delete(file);
    }
  }

  @Test
  void a_damaged_store_is_refused_in_one_sentence() throws IOException {
    Files.write(directory.resolve("gonext.mv.db"), new byte[8192]);
    assertThatThrownBy(() -> open(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(directory.toString());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static PluginStore open(Path directory) {
    return PluginStore.open(directory, Database.embedded());
  }
}
