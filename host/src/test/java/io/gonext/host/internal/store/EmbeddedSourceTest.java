package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** When an embedded database is closed, its file is, and stays so. */
class EmbeddedSourceTest {
  @TempDir private Path directory;

  @Test
  void closing_closes_the_connections_that_a_pool_has_lost() throws Exception {
    EmbeddedSource source = source();
    source.openNow();
    Connection lost = source.connect();
    source.close();
    assertThat(lost.isClosed()).isTrue();
    try (EmbeddedSource again = source()) {
      again.openNow();
      assertThat(again.connect().isValid(1)).isTrue();
    }
  }

  @Test
  void a_closed_source_does_not_open_the_database_again() throws Exception {
    EmbeddedSource source = source();
    source.openNow();
    source.connect().close();
    source.close();
    Files.delete(directory.resolve("db.mv.db"));
    assertThatThrownBy(source::openNow).isInstanceOf(SQLException.class);
    assertThatThrownBy(source::connect).isInstanceOf(SQLException.class);
    assertThat(files()).isEmpty();
  }

  @Test
  void a_store_can_be_opened_again_at_once_and_leaves_no_other_file() throws IOException {
    for (int i = 0; i < 10; i++) {
      PluginStore.open(directory, Database.embedded()).close();
      assertThat(files()).containsExactlyInAnyOrder("gonext.mv.db", "gonext.lock");
    }
  }

  @Test
  void an_opening_that_fails_at_a_write_leaves_no_file_open() throws Exception {
    FailingDisk disk = new FailingDisk();
    try (EmbeddedSource source = source(disk)) {
      source.openNow();
      for (FailingDisk.Fault fault : FailingDisk.Fault.values()) {
        for (int write = 0; write < 2; write++) {
          lose(source, disk, fault);
          disk.fillAfter(write, fault);
          if (fault != FailingDisk.Fault.NO_GROWTH) {
            assertThatThrownBy(source::openNow).isInstanceOf(SQLException.class);
            assertThat(disk.openFiles()).as("%s at write %d", fault, write).isZero();
          }
          disk.free();
          source.openNow();
          assertThat(disk.openFiles()).isOne();
          assertThat(rows(source)).containsExactly(1);
        }
      }
    }
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void a_thread_that_works_with_a_database_whose_write_failed_comes_back() throws Exception {
    FailingDisk disk = new FailingDisk();
    try (EmbeddedSource source = source(disk)) {
      source.openNow();
      Connection busy = source.connect();
      try (Statement statement = busy.createStatement()) {
        statement.execute("create table t (id int, filler varchar)");
        statement.execute("insert into t values (1, '')");
        busy.setAutoCommit(false);
        statement.executeQuery("select id from t").close();
        lose(source, disk, FailingDisk.Fault.NOTHING_WRITTEN);
        int failures = 0;
        for (int i = 0; i < 5; i++) {
          failures += fails(() -> statement.executeQuery("select id from t").close());
          failures += fails(busy::rollback);
        }
        assertThat(failures).isPositive();
      }
    }
  }

  @Test
  void a_thread_that_closes_a_lost_database_again_does_not_close_the_new_one() throws Exception {
    FailingDisk disk = new FailingDisk();
    try (EmbeddedSource source = source(disk)) {
      source.openNow();
      Connection late = source.connect();
      lose(source, disk, FailingDisk.Fault.NOTHING_WRITTEN);
      disk.free();
      source.openNow();
      assertThatThrownBy(() -> late.createStatement().execute("select 1"))
          .isInstanceOf(SQLException.class);
      assertThat(source.isCurrent(late)).isFalse();
      try (Connection connection = source.connect()) {
        assertThat(source.isCurrent(connection)).isTrue();
      }
      assertThat(rows(source)).containsExactly(1);
    }
  }

  @Test
  void only_the_source_opens_the_file() throws Exception {
    try (EmbeddedSource source = source(new FailingDisk())) {
      source.openNow();
      StoreFiles others = new StoreFiles(directory.resolve("db.mv.db"), SteadyFile::new);
      String url = "jdbc:h2:" + others.name(directory.resolve("db"));
      assertThatThrownBy(() -> DriverManager.getConnection(url))
          .hasStackTraceContaining("is opened by the store alone");
      others.unregister();
    }
  }

  @FunctionalInterface
  private interface Use {
    void make() throws SQLException;
  }

  private static int fails(Use use) {
    try {
      use.make();
      return 0;
    } catch (SQLException e) {
      return 1;
    }
  }

  /** Has a write fail, after a table with one row was stored. */
  private static void lose(EmbeddedSource source, FailingDisk disk, FailingDisk.Fault fault)
      throws SQLException {
    Connection lost = source.connect();
    try (Statement statement = lost.createStatement()) {
      statement.execute("create table if not exists t (id int, filler varchar)");
      statement.execute("delete from t");
      statement.execute("insert into t values (1, '')");
      disk.fillAfter(0, fault);
      assertThatThrownBy(() -> statement.execute("insert into t values (2, repeat('x', 500000))"))
          .isInstanceOf(SQLException.class);
    }
    assertThat(source.isUsable()).isFalse();
  }

  private static List<Integer> rows(EmbeddedSource source) throws SQLException {
    List<Integer> rows = new ArrayList<>();
    try (Connection connection = source.connect();
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("select id from t order by id")) {
      while (result.next()) {
        rows.add(result.getInt(1));
      }
    }
    return rows;
  }

  private EmbeddedSource source(FailingDisk disk) {
    return new EmbeddedSource(
        directory.resolve("db"),
        ";WRITE_DELAY=0;TRACE_LEVEL_FILE=0",
        () -> new StoreFiles(directory.resolve("db.mv.db"), disk));
  }

  private EmbeddedSource source() {
    return new EmbeddedSource(
        directory.resolve("db"),
        "",
        () -> new StoreFiles(directory.resolve("db.mv.db"), SteadyFile::new));
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }
}
