package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.ended;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.store.StoreFixture;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Jobs that a guest enqueues in a transaction of its SQL. */
@Timeout(120)
class BatchJobsTest {
  private static final int DENIED = -1;
  private static final int BAD_ARGUMENTS = -3;
  private static final int NOT_FOUND = -4;
  private static final int RATE_LIMITED = -12;

  /** More than one minute's rate and what comes back while a test runs. */
  private static final int FORGED = 10;

  @TempDir private Path data;

  @ParameterizedTest
  @EnumSource
  void a_job_of_a_batch_exists_if_and_only_if_the_batch_commits(StoreFixture fixture)
      throws InterruptedException {
    try (Host host =
        Host.open(HostConfig.builder(data).database(fixture.create()).jobs(QUICK).build())) {
      byte[] bundle =
          GuestBundle.of("ledger", Guests.wasm("db"))
              .filter("batch")
              .field(
                  "capabilities", "[\"hooks.subscribe\",\"db.read\",\"db.write\",\"jobs.enqueue\"]")
              .field("jobs", "[\"done\"]")
              .bytes();
      host.plugins().deploy(bundle, Set.of("db.read", "db.write", "jobs.enqueue"));
      batch(host, List.of("create table t (i int)"), List.of());
      JsonNode committed =
          batch(host, List.of("insert into t values (1)"), List.of(Map.of("job", "done")));
      String id = committed.at("/enqueued/0/id").stringValue();
      assertThat(
              batch(
                      host,
                      List.of("insert into t values (2)"),
                      List.of(Map.of("job", "done"), Map.of("job", "absent")))
                  .intValue())
          .isEqualTo(NOT_FOUND);
      assertThat(
              batch(host, List.of("insert into t values (2)"), List.of(Map.of("job", "")))
                  .intValue())
          .isEqualTo(BAD_ARGUMENTS);
      await().until(() -> !host.jobs().list("ledger", Optional.empty(), 10).isEmpty());
      assertThat(ended(host, id).state()).isEqualTo(JobState.SUCCEEDED);
      host.plugins().revoke("ledger", "jobs.enqueue");
      assertThat(
              batch(host, List.of("insert into t values (3)"), List.of(Map.of("job", "done")))
                  .intValue())
          .isEqualTo(DENIED);
      assertThat(batch(host, List.of("select count(*) from t"), List.of()).toString())
          .contains("[[1]]");
      assertThat(host.jobs().list("ledger", Optional.empty(), 10)).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_row_that_a_plugin_writes_itself_takes_the_capability(StoreFixture fixture)
      throws InterruptedException {
    try (Host host =
        Host.open(HostConfig.builder(data).database(fixture.create()).jobs(QUICK).build())) {
      SqlGuests guests = new SqlGuests(host);
      guests.activate(enqueuing("forger"), "forger");
      guests.activate(enqueuing("honest"), "honest");
      host.plugins().revoke("forger", "jobs.enqueue");
      forge(guests, 1);
      enqueue(guests, "honest");
      await().until(() -> !jobs(host, "honest").isEmpty());
      assertThat(jobs(host, "forger")).isEmpty();
      host.plugins().grant("forger", "jobs.enqueue");
      await().until(() -> !jobs(host, "forger").isEmpty());
      guests.write("honest", "drop table gonext_jobs");
      enqueue(guests, "honest");
      enqueue(guests, "honest");
      await().until(() -> jobs(host, "honest").size() > 1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void rows_that_a_plugin_writes_itself_keep_to_the_rate(StoreFixture fixture)
      throws InterruptedException {
    JobPolicy oneAMinute = QUICK.withBounds(1, 100);
    try (Host host =
        Host.open(HostConfig.builder(data).database(fixture.create()).jobs(oneAMinute).build())) {
      SqlGuests guests = new SqlGuests(host);
      guests.activate(enqueuing("forger"), "forger");
      forge(guests, FORGED);
      await().until(() -> !jobs(host, "forger").isEmpty());
      guests.activate(enqueuing("honest"), "honest");
      enqueue(guests, "honest");
      await().until(() -> !jobs(host, "honest").isEmpty());
      assertThat(jobs(host, "forger")).hasSizeLessThan(FORGED);
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_batch_over_the_rate_is_told_so(StoreFixture fixture) throws InterruptedException {
    JobPolicy oneAMinute = QUICK.withBounds(1, 100);
    try (Host host =
        Host.open(HostConfig.builder(data).database(fixture.create()).jobs(oneAMinute).build())) {
      SqlGuests guests = new SqlGuests(host);
      guests.activate(enqueuing("eager"), "eager");
      assertThat(enqueue(guests, "eager").path("enqueued")).hasSize(1);
      assertThat(enqueue(guests, "eager").intValue()).isEqualTo(RATE_LIMITED);
    }
  }

  /** Rows as the host would write them. */
  private static void forge(SqlGuests guests, int rows) throws InterruptedException {
    guests.write(
        "forger",
        "create table if not exists gonext_jobs (id varchar(36) primary key, request"
            + " varchar(200))");
    guests.write(
        "forger",
        "insert into gonext_jobs select concat('1b4e28ba-2fa1-4d3b-a1c4-8f7e3c0a5d', 10 + i), ?"
            + " from"
            + " (values %s) as v (i)"
                .formatted(
                    IntStream.range(0, rows)
                        .mapToObj("(%d)"::formatted)
                        .collect(Collectors.joining(", "))),
        "{\"job\":\"done\"}");
  }

  private static JsonNode enqueue(SqlGuests guests, String plugin) throws InterruptedException {
    return guests.batch(
        plugin,
        Map.of("statements", sql(List.of("select 1")), "enqueue", List.of(Map.of("job", "done"))));
  }

  private static GuestBundle enqueuing(String name) {
    return SqlGuests.bundle(name)
        .field("capabilities", "[\"db.read\",\"db.write\",\"jobs.enqueue\"]")
        .field("jobs", "[\"done\"]");
  }

  private static List<JobInfo> jobs(Host host, String plugin) {
    return host.jobs().list(plugin, Optional.empty(), 10);
  }

  private static JsonNode batch(Host host, List<String> statements, List<?> jobs)
      throws InterruptedException {
    Map<String, Object> batch =
        jobs.isEmpty()
            ? Map.of("statements", sql(statements))
            : Map.of("statements", sql(statements), "enqueue", jobs);
    return host.applyFilters("batch", batch).value();
  }

  private static List<?> sql(List<String> statements) {
    return statements.stream().map(text -> Map.of("sql", text)).toList();
  }
}
