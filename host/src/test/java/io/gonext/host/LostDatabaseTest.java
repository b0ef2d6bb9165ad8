package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.store.TestPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A PostgreSQL server that is stopped under a running host. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class LostDatabaseTest {
  @TempDir private Path data;
  @TempDir private Path server;

  @Test
  void without_the_database_plugins_serve_and_changes_are_refused() throws Exception {
    TestPostgres.Own postgres = TestPostgres.own(server);
    try (Host host =
        Host.open(HostConfig.builder(data).database(Database.postgreSql(postgres.url())).build())) {
      host.plugins().install(GuestBundle.of("upper").filter("shout").bytes());
      host.plugins().activate("upper");
      postgres.stop();

      assertThat(shouted(host)).isEqualTo("A");
      assertThatThrownBy(() -> host.plugins().deactivate("upper"))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("nothing was changed");
      assertThatThrownBy(() -> host.plugins().install(GuestBundle.of("echo").bytes()))
          .isInstanceOf(StoreException.class);
      assertThat(shouted(host)).isEqualTo("A");

      postgres.start();
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptionsInstanceOf(StoreException.class)
          .until(() -> !host.plugins().list().isEmpty());
      TestPostgres.execute(
          postgres.url(), "update plugin set state = 'INACTIVE', revision = revision + 1");
      await().atMost(Duration.ofSeconds(30)).until(() -> host.health().pools().isEmpty());
    } finally {
      postgres.stop();
    }
  }

  @Test
  void the_stores_trouble_is_reported_with_its_start_until_it_ends() throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    TestPostgres.Own postgres = TestPostgres.own(server);
    try (Host host =
        Host.open(
            HostConfig.builder(data)
                .database(Database.postgreSql(postgres.url()))
                .meters(meters)
                .build())) {
      assertThat(host.health().storeTrouble()).isEmpty();
      assertThat(available(meters)).isEqualTo(1);

      Instant before = Instant.now();
      postgres.stop();
      await().atMost(Duration.ofSeconds(30)).until(() -> host.health().storeTrouble().isPresent());
      StoreTrouble trouble = host.health().storeTrouble().orElseThrow();
      assertThat(trouble.since()).isBetween(before, Instant.now());
      assertThat(trouble.cause()).isNotBlank();
      assertThat(available(meters)).isZero();
      assertThatThrownBy(() -> host.plugins().install(GuestBundle.of("echo").bytes()))
          .isInstanceOf(StoreException.class);
      assertThat(host.health().storeTrouble()).contains(trouble);

      postgres.start();
      await().atMost(Duration.ofSeconds(30)).until(() -> host.health().storeTrouble().isEmpty());
      assertThat(available(meters)).isEqualTo(1);
    } finally {
      postgres.stop();
    }
  }

  @Test
  void a_plugin_that_fails_for_the_stores_sake_is_in_service_when_the_store_is_back()
      throws Exception {
    TestPostgres.Own postgres = TestPostgres.own(server);
    try (Host host =
        Host.open(HostConfig.builder(data).database(Database.postgreSql(postgres.url())).build())) {
      // Short: it waits for the store when its limit passes, or traps on a failure.
      host.plugins()
          .install(
              GuestBundle.of("counter", Guests.wasm("kv-strict"))
                  .filter("kv")
                  .field("capabilities", "[\"kv.read\",\"kv.write\"]")
                  .limit("wait_ms", 400)
                  .bytes());
      host.plugins().grantRequested("counter");
      host.plugins().activate("counter");
      postgres.stop();
      for (int i = 0; i < 8; i++) {
        assertThat(host.applyFilters("kv", "x").degraded())
            .extracting(Degradation::code)
            .containsExactly("STORE_UNAVAILABLE");
      }
      // Of a breaker. This host may have been looking at the plugin when it lost the store.
      assertThat(host.health().troubles().values())
          .allSatisfy(why -> assertThat(why).startsWith("the store was lost"));
      postgres.start();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> host.applyFilters("kv", "x").degraded().isEmpty());
    } finally {
      postgres.stop();
    }
  }

  @Test
  void a_job_that_runs_while_the_database_is_lost_ends_once_it_is_back() throws Exception {
    TestPostgres.Own postgres = TestPostgres.own(server);
    try (Host host =
        Host.open(
            HostConfig.builder(data)
                .database(Database.postgreSql(postgres.url()))
                .jobs(JobsTest.QUICK.withTimes(Duration.ofMillis(50), Duration.ofSeconds(30)))
                .build())) {
      JobsTest.activate(
          host,
          JobsTest.bundle(
              "jobs", "1.0.0", "[{\"name\":\"loop\",\"max_attempts\":1,\"timeout_ms\":1000}]"));
      String id = host.jobs().run("jobs", "loop", JobsTest.json("{}")).id();
      await().until(() -> host.jobs().get(id).state() == JobState.RUNNING);
      postgres.stop();
      assertThatThrownBy(() -> host.jobs().run("jobs", "loop", JobsTest.json("{}")))
          .isInstanceOf(StoreException.class);
      postgres.start();
      JobInfo job =
          await()
              .atMost(Duration.ofSeconds(30))
              .ignoreExceptionsInstanceOf(StoreException.class)
              .until(() -> host.jobs().get(id), found -> found.state().isEnded());
      assertThat(job.attempts())
          .singleElement()
          .extracting(JobAttempt::outcome)
          .isEqualTo("DEADLINE");
    } finally {
      postgres.stop();
    }
  }

  private static double available(SimpleMeterRegistry meters) {
    return meters.get("gonext.store.available").gauge().value();
  }

  private static String shouted(Host host) throws InterruptedException {
    FilterResult result = host.applyFilters("shout", "a");
    assertThat(result.degraded()).isEmpty();
    return result.value().stringValue();
  }
}
