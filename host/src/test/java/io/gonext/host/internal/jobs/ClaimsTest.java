package io.gonext.host.internal.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.Database;
import io.gonext.host.internal.store.JobStore;
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

/** What a claim costs when many jobs wait: it is counted in pages and rows, not in time. */
class ClaimsTest {
  private static final int WAITING = 100_000;

  /** More in the profile {@code long}. */
  private static final int WAITING_ON_H2 = Integer.getInteger("gonext.test.waitingOnH2", 10_000);

  /** Of PostgreSQL's plan: pages that the statement read, from memory or from the disk. */
  private static final Pattern PAGES =
      Pattern.compile("Buffers: shared hit=(\\d+)(?: read=(\\d+))?");

  /** Of H2's plan: rows or entries of an index that a statement read. */
  private static final Pattern SCANNED = Pattern.compile("scanCount: (\\d+)");

  private static final String CLAIM = Claims.statement(Claims.DUE + Claims.ORDER);

  @TempDir private Path data;

  @Test
  void a_claim_reads_a_few_pages_however_many_jobs_wait() throws SQLException {
    try (Connection connection = postgres();
        Statement statement = connection.createStatement()) {
      fill(statement, "generate_series(1, " + WAITING + ") n", "n");
      statement.execute("analyze job_queue");
      String plan =
          plan(
              statement,
              "explain (analyze, buffers) "
                  + with(CLAIM, "'lane3'", "now()", "4", "'a node'", "now()"));
      assertThat(plan).contains("job_queue_due").doesNotContain("Seq Scan on job_queue");
      assertThat(pages(plan)).as(plan).isLessThan(200);
    }
  }

  @Test
  void a_plan_from_an_empty_queue_is_good_for_a_full_one() throws SQLException {
    try (Connection connection = postgres();
        Statement statement = connection.createStatement()) {
      statement.execute("set plan_cache_mode = force_generic_plan");
      statement.execute(
          "prepare claim (text, timestamptz, int, text, timestamptz) as "
              + with(CLAIM, "$1", "$2", "$3", "$4", "$5"));
      statement.execute("prepare read (text, text) as " + with(JobStore.READ_CLAIMED, "$1", "$2"));
      assertThat(plan(statement, "explain execute claim ('lane3', now(), 4, 'a node', now())"))
          .contains("job_queue_due", "job_queue_key")
          .doesNotContain("Seq Scan on job_queue");
      assertThat(plan(statement, "explain execute read ('lane3', 'a node')"))
          .contains("job_pkey")
          .doesNotContain("Seq Scan");
    }
  }

  @Test
  void on_h2_a_claim_reads_a_few_rows_however_many_jobs_wait() throws SQLException {
    try (PluginStore store = PluginStore.open(data, Database.embedded());
        Connection connection = store.jobs().connections().getConnection();
        Statement statement = connection.createStatement()) {
      fill(statement, "system_range(1, " + WAITING_ON_H2 + ")", "x");
      String plan =
          plan(
              statement,
              "explain analyze "
                  + with(Claims.DUE, "'lane3'", "current_timestamp")
                  + Claims.ORDER_ON_H2
                  + " fetch first 4 rows only");
      assertThat(plan).containsIgnoringCase("job_queue_due").contains("index sorted");
      Matcher scanned = SCANNED.matcher(plan);
      assertThat(scanned.find()).as(plan).isTrue();
      assertThat(Integer.parseInt(scanned.group(1))).as(plan).isLessThan(20);
    }
  }

  private Connection postgres() throws SQLException {
    String url = TestPostgres.createDatabase();
    PluginStore.open(data, Database.postgreSql(url)).close();
    return DriverManager.getConnection(url);
  }

  /** Jobs in ten lanes, which are due. */
  private static void fill(Statement statement, String numbers, String n) throws SQLException {
    statement.execute(
        ("insert into job_queue (task_name, task_instance, execution_time, picked, version,"
                + " priority, lane, job_name) select 'job', cast(N as varchar(20)),"
                + " current_timestamp - interval '1' hour, false, 1, mod(N, 3),"
                + " 'lane' || mod(N, 10), 'job' from "
                + numbers)
            .replace("N", n));
  }

  private static String with(String sql, String... values) {
    String filled = sql;
    for (String value : values) {
      filled = filled.replaceFirst("\\?", Matcher.quoteReplacement(value));
    }
    return filled;
  }

  private static String plan(Statement statement, String explain) throws SQLException {
    StringBuilder plan = new StringBuilder();
    try (ResultSet lines = statement.executeQuery(explain)) {
      while (lines.next()) {
        plan.append(lines.getString(1)).append('\n');
      }
    }
    return plan.toString();
  }

  /** The first number is of the whole statement; those after it are of its parts. */
  private static int pages(String plan) {
    Matcher pages = PAGES.matcher(plan);
    assertThat(pages.find()).as(plan).isTrue();
    return Integer.parseInt(pages.group(1))
        + (pages.group(2) == null ? 0 : Integer.parseInt(pages.group(2)));
  }
}
