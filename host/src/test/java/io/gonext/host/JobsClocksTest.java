package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static io.gonext.host.JobsTest.ended;
import static io.gonext.host.JobsTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.internal.store.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs of two hosts on one PostgreSQL database, which disagree about the time. A host looks at the
 * database's clock now and then. So when that clock jumps, one host knows it before the other.
 */
@Timeout(120)
class JobsClocksTest {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  @TempDir private Path one;
  @TempDir private Path other;
  private final AtomicLong firstAhead = new AtomicLong();
  private final AtomicLong secondAhead = new AtomicLong();
  private String url;
  private Host first;
  private Host second;

  @BeforeEach
  void open() throws InterruptedException {
    url = TestPostgres.createDatabase();
    first = node(one, firstAhead, QUICK);
    activate(
        first,
        bundle(
            "jobs",
            "1.0.0",
            "[\"ok\", \"hits\", {\"name\":\"loop\",\"max_attempts\":1,\"timeout_ms\":4000}]"));
    second = node(other, secondAhead, QUICK);
  }

  private Host node(Path data, AtomicLong ahead, JobPolicy jobs) throws InterruptedException {
    return HostOpening.open(
        HostConfig.builder(data).database(Database.postgreSql(url)).jobs(jobs).build(),
        null,
        () -> System.nanoTime() + ahead.get());
  }

  @AfterEach
  void close() {
    first.close();
    second.close();
  }

  /** Both hosts have looked at the queue since the call. */
  private void untilBothHaveRunAJob() {
    Set<String> nodes = new HashSet<>();
    while (nodes.size() < 2) {
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        ids.add((i % 2 == 0 ? first : second).jobs().run("jobs", "ok", json("{}")).id());
      }
      ids.forEach(id -> nodes.add(ended(first, id).attempts().getFirst().node()));
    }
  }

  @Test
  void a_node_whose_clock_is_a_minute_ahead_takes_over_no_job_that_runs() {
    untilBothHaveRunAJob();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ids.add(first.jobs().run("jobs", "loop", json("{}")).id());
    }
    // As many as both have instances for.
    await()
        .until(() -> ids.stream().allMatch(id -> first.jobs().get(id).state() == JobState.RUNNING));
    secondAhead.set(MINUTE);
    Set<String> nodes = new HashSet<>();
    for (String id : ids) {
      JobInfo job = ended(first, id);
      assertThat(job.attempts()).extracting(JobAttempt::outcome).containsExactly("DEADLINE");
      nodes.add(job.attempts().getFirst().node());
    }
    assertThat(nodes).hasSize(2);
  }

  @Test
  void a_tick_fires_once_though_each_node_in_turn_is_a_minute_ahead() throws Exception {
    untilBothHaveRunAJob();
    register("hits");
    register("ok");
    dueInHalfAMinute("");
    secondAhead.set(MINUTE);
    await().atMost(Duration.ofMinutes(1)).until(() -> ticks("hits") == 1 && ticks("ok") == 1);
    dueInHalfAMinute(" and job_name = 'ok'");
    firstAhead.set(MINUTE);
    await().atMost(Duration.ofMinutes(1)).until(() -> ticks("ok") == 2);
    assertThat(ticks("hits")).isEqualTo(1);
  }

  /** db-scheduler waits for its next look by the clock, which was an hour ahead meanwhile. */
  @Test
  void a_host_looks_for_jobs_of_others_after_its_clock_went_forward_and_back() throws Exception {
    second.close();
    second = node(other, secondAhead, QUICK.withThreads(0));
    String soon = later(Duration.ofMinutes(30));
    String late = later(Duration.ofHours(3));
    firstAhead.set(Duration.ofHours(1).toNanos());
    ended(first, soon);
    // Makes the host look at the database's clock, and wakes nothing.
    first.jobs().cancel(late);
    ended(first, second.jobs().run("jobs", "ok", json("{}")).id());
  }

  private String later(Duration delay) {
    return first
        .jobs()
        .request("jobs", json("{\"job\":\"ok\",\"delay_ms\":" + delay.toMillis() + "}"))
        .id();
  }

  private void register(String job) throws InterruptedException {
    assertThat(
            first
                .applyFilters(
                    "register",
                    json("{\"schedule\":{\"every_ms\":86400000},\"handler_id\":\"" + job + "\"}"))
                .value()
                .intValue())
        .isZero();
  }

  private void dueInHalfAMinute(String only) {
    TestPostgres.execute(
        url,
        "update job_queue set execution_time = now() + interval '30 seconds'"
            + " where task_name = 'cron'"
            + only);
  }

  private long ticks(String job) {
    return first.jobs().list("jobs", Optional.empty(), 1_000).stream()
        .filter(run -> run.idempotencyKey().startsWith("cron:" + job + ":"))
        .count();
  }
}
