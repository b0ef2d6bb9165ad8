package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When an embedded database is closed, its file is, and stays so. */
class EmbeddedSourceTest {
  @TempDir private Path directory;

  @Test
  void closing_closes_the_connections_that_a_pool_has_lost() throws Exception {
    EmbeddedSource source = source();
    Connection lost = source.getConnection();
    source.close();
    assertThat(lost.isClosed()).isTrue();
    try (Connection again = source().getConnection()) {
      assertThat(again.isValid(1)).isTrue();
    }
  }

  @Test
  void a_closed_source_does_not_open_the_database_again() throws Exception {
    EmbeddedSource source = source();
    source.getConnection().close();
    source.close();
    Files.delete(directory.resolve("db.mv.db"));
    assertThatThrownBy(source::getConnection).isInstanceOf(SQLException.class);
    assertThat(files()).isEmpty();
  }

  @Test
  void a_store_can_be_opened_again_at_once_and_leaves_no_other_file() throws IOException {
    for (int i = 0; i < 10; i++) {
      PluginStore.open(directory, Database.embedded()).close();
      assertThat(files()).containsExactlyInAnyOrder("gonext.mv.db", "gonext.lock");
    }
  }

  private EmbeddedSource source() {
    return new EmbeddedSource("jdbc:h2:file:" + directory.resolve("db"));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }
}
