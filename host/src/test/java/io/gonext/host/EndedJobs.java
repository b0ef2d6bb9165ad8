package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.internal.store.TestPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * What became of the jobs of {@link JobsTest#JOBS} in a PostgreSQL database.
 *
 * @param run names it in failures
 */
record EndedJobs(String url, String run) {
  boolean areAll() {
    return count("job where state not in ('SUCCEEDED', 'DEAD')") == 0;
  }

  /** Each job has one success or is dead, and its record has each of its attempts once. */
  void assertEachOnce(Collection<String> enqueued) throws SQLException {
    Set<String> lost = new HashSet<>(enqueued);
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("select id from job")) {
      while (rows.next()) {
        lost.remove(rows.getString(1));
      }
    }
    assertThat(lost).as("%s: lost jobs", run).isEmpty();
    assertNone("job_queue where task_name = 'job'");
    String succeeded = "(select count(*) from job_attempt where job = j.id and outcome = 'OK')";
    assertNone(
        "job j where " + succeeded + " <> case when j.state = 'SUCCEEDED' then 1 else 0 end");
    assertNone(
        "job_attempt a join job j on j.id = a.job where a.outcome = 'OK'"
            + " and a.number <> j.attempts");
    assertNone(
        "job j where j.attempts <> (select count(*) from job_attempt where job = j.id)"
            + " or j.attempts <> (select max(number) from job_attempt where job = j.id)");
    assertNone("job where name in ('fail', 'trap') and state <> 'DEAD'");
    assertNone("job where name = 'effect' and state <> 'SUCCEEDED'");
  }

  private static final String ENTRY =
      "kv_entry e on e.plugin = j.plugin and e.name = j.idempotency_key";
  private static final String CONTENT = "convert_from(e.content, 'UTF8')::json";

  /** An entry of the key-value store, which the job makes if there is none of its key. */
  void assertEachEffectOnce() {
    assertNone("job j left join " + ENTRY + " where j.name = 'effect' and e.name is null");
    assertNone("job j right join " + ENTRY + " where e.name <> 'hits' and j.id is null");
    assertNone(
        "job j join "
            + ENTRY
            + " where ("
            + CONTENT
            + " ->> 'id') <> j.id or ("
            + CONTENT
            + " ->> 'attempt')::int > j.attempts");
  }

  /** How many jobs ran again although an attempt before had its effect. */
  int ranAfterTheirEffect() {
    return count(
        "job j join " + ENTRY + " where (" + CONTENT + " ->> 'attempt')::int < j.attempts");
  }

  private void assertNone(String of) {
    assertThat(count(of)).as("%s: %s", run, of).isZero();
  }

  int count(String of) {
    return TestPostgres.queryInt(url, "select count(*) from " + of);
  }
}
