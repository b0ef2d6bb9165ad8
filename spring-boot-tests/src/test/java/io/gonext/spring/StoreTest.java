package io.gonext.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.example.posts.PostsApplication;
import io.gonext.guests.GuestBundle;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.JdbcTemplate;

/** The store in the database of the application. */
@Tag("slow")
class StoreTest {
  private static EmbeddedPostgres server;

  @TempDir Path directory;

  @BeforeAll
  static void start() throws IOException {
    try {
      server = EmbeddedPostgres.builder().start();
    } catch (IOException | RuntimeException e) {
      if (System.getenv("CI") != null) {
        throw e;
      }
      Assumptions.abort("no PostgreSQL server can run here: " + e);
    }
  }

  @AfterAll
  static void stop() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  private Running posts(String data, String... more) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--spring.datasource.url=jdbc:postgresql://localhost:"
                    + server.getPort()
                    + "/postgres",
                "--spring.datasource.username=postgres",
                "--spring.datasource.password=a&b%ü",
                "--gonext.warm-up=0s",
                "--gonext.master-key=property:key",
                "--key=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="));
    all.addAll(List.of(more));
    return Running.startWithDatabase(
        PostsApplication.class, directory.resolve(data), all.toArray(String[]::new));
  }

  @Test
  void instances_share_the_database_of_the_application_in_a_schema_of_its_own() throws Exception {
    Path upper =
        Files.write(
            directory.resolve("upper.gnplugin"), GuestBundle.of("upper").filter("shout").bytes());
    try (Running one =
            posts(
                "one",
                "--gonext.store.type=datasource",
                "--gonext.plugins.upper.location=" + upper);
        Running two = posts("two", "--gonext.store.type=datasource")) {
      assertThat(one.host().applyFilters("shout", "x").value().asString()).isEqualTo("X");
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> two.host().applyFilters("shout", "x").value().asString().equals("X"));
      assertThat(tables(one, "gonext")).contains("plugin", "flyway_schema_history");
      assertThat(tables(one, "public")).isEmpty();
    }
    try (Running other =
        posts(
            "three",
            "--gonext.store.type=postgresql",
            "--gonext.store.url=jdbc:postgresql://localhost:" + server.getPort() + "/postgres",
            "--gonext.store.username=postgres",
            "--gonext.store.schema=elsewhere")) {
      assertThat(other.host().plugins().list()).isEmpty();
      assertThat(tables(other, "elsewhere")).contains("plugin", "flyway_schema_history");
    }
  }

  private static List<String> tables(Running running, String schema) {
    return running
        .context()
        .getBean(JdbcTemplate.class)
        .queryForList(
            "select table_name from information_schema.tables where table_schema = ?",
            String.class,
            schema);
  }

  @Test
  void another_database_than_postgresql_is_refused() {
    assertThatThrownBy(() ->
            Running.startWithDatabase(
                PostsApplication.class,
                directory.resolve("h2"),
                "--spring.datasource.url=jdbc:h2:mem:posts",
                "--gonext.store.type=datasource"))
        .hasStackTraceContaining(
            "gonext.store.type is datasource, and the DataSource is not PostgreSQL: set"
                + " gonext.store.type=embedded for a file in gonext.data-directory");
  }
}
