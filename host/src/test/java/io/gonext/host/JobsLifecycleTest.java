package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static io.gonext.host.JobsTest.ended;
import static io.gonext.host.JobsTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of jobs when their plugin changes. */
@Timeout(120)
class JobsLifecycleTest {
  private static final String DELAYED = "{\"job\":\"ok\",\"delay_ms\":600000}";

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).jobs(QUICK).build());
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void a_waiting_job_runs_on_the_version_that_serves() throws InterruptedException {
    activate(host, bundle("jobs", "1.0.0", "[\"ok\"]"));
    String id = host.jobs().request("jobs", json(DELAYED)).id();
    activate(host, bundle("jobs", "1.1.0", "[\"ok\"]"));
    host.jobs().retry(id);
    assertThat(ended(host, id).attempts())
        .singleElement()
        .extracting(JobAttempt::version)
        .isEqualTo("1.1.0");
  }

  @Test
  void a_job_that_the_new_version_lacks_is_dead_with_that_reason() throws InterruptedException {
    activate(host, bundle("jobs", "1.0.0", "[\"ok\"]"));
    String id = host.jobs().request("jobs", json(DELAYED)).id();
    activate(host, bundle("jobs", "1.1.0", "[\"say\"]"));
    host.jobs().retry(id);
    JobInfo job = ended(host, id);
    assertThat(job.state()).isEqualTo(JobState.DEAD);
    assertThat(job.reason()).isEqualTo("jobs@1.1.0 has no job ok");
  }

  @Test
  void a_job_that_runs_ends_on_the_version_it_began_on() throws InterruptedException {
    activate(
        host,
        bundle("jobs", "1.0.0", "[{\"name\":\"loop\",\"max_attempts\":1,\"timeout_ms\":700}]"));
    String id = host.jobs().run("jobs", "loop", json("{}")).id();
    await().until(() -> host.jobs().get(id).state() == JobState.RUNNING);
    activate(host, bundle("jobs", "1.1.0", "[\"loop\"]"));
    assertThat(ended(host, id).attempts())
        .singleElement()
        .satisfies(attempt -> {
          assertThat(attempt.version()).isEqualTo("1.0.0");
          assertThat(attempt.outcome()).isEqualTo("DEADLINE");
        });
  }

  @Test
  void deactivation_pauses_and_activation_goes_on() throws InterruptedException {
    activate(host, bundle("jobs", "1.0.0", "[\"ok\"]"));
    host.plugins().deactivate("jobs");
    String id = host.jobs().run("jobs", "ok", json("{}")).id();
    assertThat(host.jobs().get(id).state()).isEqualTo(JobState.WAITING);
    host.plugins().activate("jobs");
    assertThat(ended(host, id).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void uninstall_deletes_jobs_and_schedules_unless_data_is_kept() throws InterruptedException {
    byte[] bundle =
        bundle("jobs", "1.0.0", "[\"ok\"],\"cron\":[{\"job\":\"ok\",\"schedule\":\"@daily\"}]");
    activate(host, bundle);
    await().until(() -> !host.jobs().schedules("jobs").isEmpty());
    String kept = host.jobs().request("jobs", json(DELAYED)).id();
    host.plugins().deactivate("jobs");
    host.plugins().uninstallKeepingData("jobs");
    assertThat(host.jobs().get(kept).state()).isEqualTo(JobState.WAITING);
    host.plugins().install(bundle);
    host.plugins().uninstall("jobs");
    assertThatThrownBy(() -> host.jobs().get(kept)).isInstanceOf(UnknownJobException.class);
    assertThat(host.jobs().schedules("jobs")).isEmpty();
  }

  @Test
  void jobs_survive_a_restart_of_the_host() throws InterruptedException {
    activate(host, bundle("jobs", "1.0.0", "[\"ok\"]"));
    String id = host.jobs().request("jobs", json(DELAYED)).id();
    host.close();
    open();
    host.jobs().retry(id);
    assertThat(ended(host, id).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void a_job_that_runs_when_the_host_closes_is_cut_off_and_runs_again()
      throws InterruptedException {
    activate(
        host,
        bundle("jobs", "1.0.0", "[{\"name\":\"loop\",\"max_attempts\":1,\"timeout_ms\":20000}]"));
    String id = host.jobs().run("jobs", "loop", json("{}")).id();
    await().until(() -> host.jobs().get(id).state() == JobState.RUNNING);
    host.close();
    open();
    await().until(() -> !host.jobs().get(id).attempts().isEmpty());
    assertThat(host.jobs().get(id).attempts().getFirst().outcome()).isEqualTo("CUT_OFF");
    await().until(() -> host.jobs().get(id).state() == JobState.RUNNING);
  }

  @Test
  void a_schedule_of_the_manifest_follows_the_version_that_serves() throws InterruptedException {
    String daily =
        "[\"ok\"],\"cron\":[{\"job\":\"ok\",\"schedule\":\"30 4 * *"
            + " *\",\"zone\":\"Europe/Berlin\"}]";
    activate(host, bundle("jobs", "1.0.0", daily));
    await().until(() -> !host.jobs().schedules("jobs").isEmpty());
    CronInfo schedule = host.jobs().schedules("jobs").getFirst();
    assertThat(schedule.schedule()).isEqualTo("30 4 * * *");
    assertThat(
            schedule.nextAt().orElseThrow().atZone(java.time.ZoneId.of("Europe/Berlin")).getHour())
        .isEqualTo(4);
    activate(host, bundle("jobs", "1.1.0", "[\"ok\"]"));
    await().until(() -> host.jobs().schedules("jobs").isEmpty());
  }

  @Test
  void a_guest_registers_a_schedule_once_by_its_handler() throws InterruptedException {
    activate(host, bundle("jobs", "1.0.0", "[\"ok\"]"));
    String request = "{\"schedule\":\"@hourly\",\"handler_id\":\"tidy\"}";
    assertThat(host.applyFilters("register", json(request)).value().intValue()).isZero();
    assertThat(host.applyFilters("register", json(request)).value().intValue()).isZero();
    assertThat(host.jobs().schedules("jobs"))
        .singleElement()
        .satisfies(cron -> {
          assertThat(cron.registered()).isTrue();
          assertThat(cron.zone()).isEqualTo("UTC");
        });
    assertThat(
            host.applyFilters(
                    "register", json("{\"schedule\":\"0 0 30 2 *\",\"handler_id\":\"never\"}"))
                .value()
                .intValue())
        .isEqualTo(-3);
  }

  @Test
  void no_more_jobs_wait_than_the_bound() throws InterruptedException {
    host.close();
    host = Host.open(HostConfig.builder(data).jobs(QUICK.withBounds(3, 2)).build());
    activate(host, bundle("jobs", "1.0.0", "[\"ok\"]"));
    host.applyFilters("enqueue", json(DELAYED));
    host.applyFilters("enqueue", json(DELAYED));
    assertThat(host.applyFilters("enqueue", json(DELAYED)).value().intValue()).isEqualTo(-5);
    assertThat(host.applyFilters("enqueue", json(DELAYED)).value().intValue()).isEqualTo(-12);
    assertThat(host.jobs().list("jobs", Optional.of(JobState.WAITING), 10)).hasSize(2);
  }

  @Test
  void a_plugin_without_the_capability_enqueues_nothing() throws InterruptedException {
    host.plugins().deploy(bundle("jobs", "1.0.0", "[\"ok\"]"), Set.of());
    assertThat(host.applyFilters("enqueue", json(DELAYED)).value().intValue()).isEqualTo(-1);
    assertThat(host.jobs().list("jobs", Optional.empty(), 10)).isEqualTo(List.of());
  }
}
