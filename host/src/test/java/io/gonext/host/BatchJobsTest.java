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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** Jobs that a guest enqueues in a transaction of its SQL. */
@Timeout(120)
class BatchJobsTest {
  private static final int BAD_ARGUMENTS = -3;

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
          .isEqualTo(BAD_ARGUMENTS);
      await().until(() -> !host.jobs().list("ledger", Optional.empty(), 10).isEmpty());
      assertThat(ended(host, id).state()).isEqualTo(JobState.SUCCEEDED);
      host.plugins().revoke("ledger", "jobs.enqueue");
      assertThat(
              batch(host, List.of("insert into t values (3)"), List.of(Map.of("job", "done")))
                  .intValue())
          .isEqualTo(BAD_ARGUMENTS);
      assertThat(batch(host, List.of("select count(*) from t"), List.of()).toString())
          .contains("[[1]]");
      assertThat(host.jobs().list("ledger", Optional.empty(), 10)).hasSize(1);
    }
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
