package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static io.gonext.host.JobsTest.ended;
import static io.gonext.host.JobsTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.internal.store.TestPostgres;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs of two hosts on one PostgreSQL database. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsNodesTest {
  private static final String JOBS =
      """
      ["ok", "hits", {"name":"loop","max_attempts":1,"timeout_ms":1500},
       {"name":"loop-alone","max_attempts":1,"timeout_ms":100,"concurrency":1}]
      """;

  @TempDir private static Path one;
  @TempDir private static Path other;
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private String url;
  private Host first;
  private Host second;

  @BeforeAll
  void open() throws InterruptedException {
    url = TestPostgres.createDatabase();
    first = node(one);
    activate(first, bundle("jobs", "1.0.0", JOBS));
    second = node(other);
  }

  private Host node(Path data) throws InterruptedException {
    return Host.open(
        HostConfig.builder(data)
            .database(Database.postgreSql(url))
            .jobs(QUICK)
            .meters(meters)
            .build());
  }

  @AfterAll
  void close() {
    first.close();
    second.close();
  }

  private int execute(String sql) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    }
  }

  @Test
  void both_nodes_run_jobs_and_each_job_once() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      ids.add((i % 2 == 0 ? first : second).jobs().run("jobs", "hits", json("{}")).id());
    }
    Set<String> nodes = new HashSet<>();
    for (String id : ids) {
      JobInfo job = ended(first, id);
      assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(job.attempts()).hasSize(1);
      nodes.add(job.attempts().getFirst().node());
    }
    assertThat(nodes).hasSize(2);
  }

  @Test
  void a_job_of_a_node_that_is_lost_is_taken_over() throws SQLException {
    first.jobs().pause("jobs", "ok");
    String id = first.jobs().run("jobs", "ok", json("{}")).id();
    execute(
        "update job_queue set picked = true, picked_by = 'gone', version = version + 1,"
            + " last_heartbeat = now() - interval '1 minute' where task_instance = '"
            + id
            + "'");
    first.jobs().resume("jobs", "ok");
    JobInfo job = ended(first, id);
    assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(job.attempts()).extracting(JobAttempt::outcome).containsExactly("NODE_LOST", "OK");
    assertThat(job.attempts().getFirst().node()).isEqualTo("gone");
  }

  @Test
  void the_result_of_a_node_that_was_given_up_is_dropped() throws SQLException {
    String id = first.jobs().run("jobs", "loop", json("{}")).id();
    await().until(() -> first.jobs().get(id).state() == JobState.RUNNING);
    // What another node does that takes the job over, and is lost itself.
    assertThat(
            execute(
                "update job_queue set picked_by = 'other', version = version + 1,"
                    + " last_heartbeat = now() + interval '1 hour' where task_instance = '"
                    + id
                    + "'"))
        .isEqualTo(1);
    await()
        .until(() ->
            meters.find("gonext.plugin.job.fenced").counters().stream()
                    .mapToDouble(counter -> counter.count())
                    .sum()
                == 1);
    assertThat(first.jobs().get(id).state()).isEqualTo(JobState.RUNNING);
    assertThat(first.jobs().get(id).attempts()).isEmpty();
    execute(
        "update job_queue set last_heartbeat = now() - interval '1 hour' where picked_by ="
            + " 'other'");
    assertThat(ended(first, id).attempts()).extracting(JobAttempt::outcome).startsWith("NODE_LOST");
  }

  @Test
  void jobs_with_a_concurrency_of_one_never_overlap_on_any_node() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      ids.add((i % 2 == 0 ? first : second).jobs().run("jobs", "loop-alone", json("{}")).id());
    }
    List<JobAttempt> attempts =
        ids.stream()
            .map(id -> ended(first, id).attempts().getFirst())
            .sorted(Comparator.comparing(JobAttempt::beganAt))
            .toList();
    for (int i = 1; i < attempts.size(); i++) {
      assertThat(attempts.get(i).beganAt()).isAfterOrEqualTo(attempts.get(i - 1).endedAt());
    }
  }

  @Test
  void a_missed_run_of_a_schedule_is_made_up_for_once_in_the_cluster() throws Exception {
    assertThat(
            first
                .applyFilters(
                    "register", json("{\"schedule\":\"0 * * * *\",\"handler_id\":\"hits\"}"))
                .value()
                .intValue())
        .isZero();
    execute(
        "update job_queue set execution_time = date_trunc('hour', now()) - interval '5 hours'"
            + " where task_name = 'cron'");
    await()
        .until(() ->
            first.jobs().list("jobs", Optional.empty(), 1_000).stream()
                .anyMatch(job -> job.idempotencyKey().startsWith("cron:hits:")));
    // The schedule has moved on in the same transaction.
    assertThat(first.jobs().schedules("jobs").getFirst().nextAt().orElseThrow())
        .isAfter(java.time.Instant.now().minusSeconds(120));
    assertThat(first.jobs().list("jobs", Optional.empty(), 1_000))
        .filteredOn(job -> job.idempotencyKey().startsWith("cron:hits:"))
        .hasSize(1);
  }
}
