package io.gonext.host.internal.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.Database;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.TestPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClaimsTest {
  /** Of PostgreSQL's plan: pages that the statement read, from memory or from the disk. */
  private static final Pattern PAGES =
      Pattern.compile("Buffers: shared hit=(\\d+)(?: read=(\\d+))?");

  @TempDir private Path data;

  @Test
  void a_claim_reads_a_few_pages_however_many_jobs_wait() throws SQLException {
    String url = TestPostgres.createDatabase();
    PluginStore.open(data, Database.postgreSql(url)).close();
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "insert into job_queue (task_name, task_instance, execution_time, picked, version,"
              + " priority, lane, job_name) select 'job', n::text, now() - interval '1 hour',"
              + " false, 1, n % 3, 'lane' || n % 10, 'job' from generate_series(1, 100000) n");
      statement.execute("analyze job_queue");
      assertThat(pages(statement)).isLessThan(60);
    }
  }

  @Test
  void on_h2_a_claim_reads_the_index_in_its_order() throws SQLException {
    try (PluginStore store = PluginStore.open(data, Database.embedded());
        Connection connection = store.jobs().connections().getConnection();
        Statement statement = connection.createStatement();
        ResultSet plan =
            statement.executeQuery(
                "explain "
                    + Claims.DUE
                        .replaceFirst("\\?", "'lane3'")
                        .replaceFirst("\\?", "current_timestamp")
                    + Claims.ORDER_ON_H2
                    + " fetch first 4 rows only")) {
      plan.next();
      assertThat(plan.getString(1)).containsIgnoringCase("job_queue_due").contains("index sorted");
    }
  }

  private static int pages(Statement statement) throws SQLException {
    String query =
        (Claims.DUE + Claims.ORDER + " limit 4 for update skip locked")
            .replaceFirst("\\?", "'lane3'")
            .replaceFirst("\\?", "now()");
    StringBuilder plan = new StringBuilder();
    try (ResultSet lines = statement.executeQuery("explain (analyze, buffers) " + query)) {
      while (lines.next()) {
        plan.append(lines.getString(1)).append('\n');
      }
    }
    // The first one is of the whole statement; those after it are of its parts, and of planning.
    Matcher pages = PAGES.matcher(plan);
    assertThat(pages.find()).as("%s", plan).isTrue();
    assertThat(plan.toString()).contains("job_queue_due");
    return Integer.parseInt(pages.group(1))
        + (pages.group(2) == null ? 0 : Integer.parseInt(pages.group(2)));
  }
}
