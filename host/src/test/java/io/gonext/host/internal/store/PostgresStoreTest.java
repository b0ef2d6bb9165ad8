package io.gonext.host.internal.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.Database;
import io.gonext.host.StoreException;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for PostgreSQL only: how it is named, how it cannot be reached. */
@Tag("slow")
class PostgresStoreTest {
  @TempDir private Path directory;

  @Test
  void many_who_open_an_empty_database_at_once_all_can() throws Exception {
    Database database = Database.postgreSql(TestPostgres.createDatabase());
    try (ExecutorService nodes = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> opens = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Path own = directory.resolve("node" + i);
        opens.add(() -> {
          try (PluginStore store = PluginStore.open(own, database)) {
            return store.list().size();
          }
        });
      }
      for (Future<Integer> open : nodes.invokeAll(opens)) {
        assertThat(open.get()).isZero();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "jdbc:h2:mem:x?password=geheim",
        "postgresql://localhost/x?password=geheim",
        "jdbc:postgresql:x?password=geheim",
        "jdbc:postgresql://me:geheim@localhost/x",
        "jdbc:postgresql://localhost:port/x?password=geheim",
        "jdbc:postgresql://localhost?password=geheim",
        "jdbc:postgresql://localhost/x?password=geheim%zz",
      })
  void a_text_that_is_not_a_url_is_refused_without_repeating_it(String url) {
    assertThatThrownBy(() -> Database.postgreSql(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasNoCause()
        .message()
        .doesNotContain("geheim")
        .doesNotContain("\n");
  }

  @Test
  void a_database_never_shows_its_options() {
    assertThat(Database.postgreSql("jdbc:postgresql://db:5433/gonext?user=u&password=geheim&a=b"))
        .hasToString("jdbc:postgresql://db:5433/gonext");
  }

  @Test
  void a_server_that_is_down_is_named() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    refused("jdbc:postgresql://127.0.0.1:" + port + "/gonext?user=u&password=geheim")
        .hasMessageStartingWith(
            "the database jdbc:postgresql://127.0.0.1:"
                + port
                + "/gonext cannot be reached (Connection refused)");
  }

  @Test
  void a_database_that_does_not_exist_is_named() {
    String url = TestPostgres.createDatabase().replaceFirst("/t[0-9a-f]+", "/nothing");
    refused(url).hasMessageContaining("/nothing does not exist").hasMessageContaining("createdb");
  }

  @Test
  void a_wrong_password_is_reported_but_not_shown() {
    refused(TestPostgres.withPasswords() + "?user=careful&password=geheim")
        .hasMessageContaining("refused the user or the password");
  }

  @Test
  void a_password_may_have_any_characters() {
    String url = TestPostgres.withPasswords() + "?user=careful&password=a%26b%25%C3%BC";
    try (PluginStore store = PluginStore.open(directory, Database.postgreSql(url))) {
      assertThat(store.list()).isEmpty();
    }
  }

  private AbstractThrowableAssert<?, ? extends Throwable> refused(String url) {
    return assertThatThrownBy(() -> PluginStore.open(directory, Database.postgreSql(url)))
        .isInstanceOf(StoreException.class)
        .satisfies(e -> {
          for (Throwable t = e; t != null; t = t.getCause()) {
            assertThat(t.toString()).doesNotContain("geheim");
          }
          assertThat(e.getMessage()).doesNotContain("\n");
        });
  }
}
