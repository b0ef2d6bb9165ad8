package io.gonext.host.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.failure.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds for the store in a file only. */
class EmbeddedStoreTest {
  private static final String NAME = "my-plugin";
  private static final String SHA256 = "ab".repeat(32);

  @TempDir private Path directory;

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
  void a_store_that_is_no_directory_is_named_with_the_way_out() throws IOException {
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
  void a_damaged_store_is_refused_in_one_sentence() throws IOException {
    Files.write(directory.resolve("gonext.mv.db"), new byte[8192]);
    assertThatThrownBy(() -> open(directory))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(directory.toString());
  }

  private static PluginStore open(Path directory) {
    return PluginStore.open(directory, Database.embedded());
  }
}
