package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Jobs on one host: a guest or an operator enqueues them, and the guest runs them. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobsTest {
  static final JobPolicy QUICK =
      JobPolicy.defaults()
          .withTimes(Duration.ofMillis(50), Duration.ofSeconds(3))
          .withBackoff(Duration.ofMillis(1))
          .withBounds(1_000, 100);

  static final String JOBS =
      """
      ["ok", {"name":"fail","max_attempts":3,"backoff":"fixed"}, "bad", "unknown",
       {"name":"trap","max_attempts":2}, {"name":"loop","max_attempts":1,"timeout_ms":50},
       {"name":"retry","max_attempts":2}, "say", {"name":"say-once","unique":true}, "hits",
       {"name":"effect","max_attempts":20}]
      """;

  @TempDir private static Path data;
  private Host host;

  @BeforeAll
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).jobs(QUICK).build());
    activate(host, bundle("jobs", "1.0.0", JOBS));
  }

  @AfterAll
  void close() {
    host.close();
  }

  static byte[] bundle(String name, String version, String jobs) {
    return GuestBundle.of(name, Guests.wasm("jobs"))
        .version(version)
        .filter("enqueue")
        .filter("register")
        .field(
            "capabilities",
            "[\"hooks.subscribe\",\"jobs.enqueue\",\"cron.register\",\"kv.write\",\"kv.read\"]")
        .limit("instances_jobs", 2)
        .field("jobs", jobs)
        .bytes();
  }

  static void activate(Host host, byte[] bundle) throws InterruptedException {
    host.plugins().deploy(bundle, Set.of("jobs.enqueue", "cron.register", "kv.write", "kv.read"));
  }

  static ObjectNode json(String text) {
    try {
      return (ObjectNode) StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new AssertionError(e);
    }
  }

  static JobInfo ended(Host host, String id) {
    return await()
        .pollInterval(Duration.ofMillis(5))
        .until(() -> host.jobs().get(id), job -> job.state().isEnded());
  }

  private JobInfo run(String job) {
    return ended(host, host.jobs().run("jobs", job, json("{}")).id());
  }

  private JsonNode enqueue(String request) throws InterruptedException {
    return host.applyFilters("enqueue", json(request)).value();
  }

  @Test
  void a_job_that_a_guest_enqueues_runs_and_succeeds() throws InterruptedException {
    JsonNode answer = enqueue("{\"job\":\"ok\",\"args\":{\"a\":1}}");
    assertThat(answer.get("created").booleanValue()).isTrue();
    JobInfo job = ended(host, answer.get("id").stringValue());
    assertThat(job.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(job.args()).isEqualTo(json("{\"a\":1}"));
    assertThat(job.attempts()).singleElement().extracting(JobAttempt::outcome).isEqualTo("OK");
    assertThat(job.attempts().getFirst().version()).isEqualTo("1.0.0");
  }

  @Test
  void the_payload_has_arguments_key_attempt_and_times() throws Exception {
    List<String> lines = new CopyOnWriteArrayList<>();
    Runnable stop = host.logs().listen("jobs", (level, line) -> lines.add(line));
    JsonNode answer =
        enqueue("{\"job\":\"say\",\"args\":{\"a\":[1]},\"idempotency_key\":\"payload\"}");
    ended(host, answer.get("id").stringValue());
    stop.run();
    JsonNode payload =
        json(lines.stream().filter(line -> line.contains("payload\",\"attempt")).findAny().get());
    assertThat(payload.get("kind").stringValue()).isEqualTo("job");
    assertThat(payload.get("name").stringValue()).isEqualTo("say");
    assertThat(payload.get("id")).isEqualTo(answer.get("id"));
    assertThat(payload.get("args"))
        .isEqualTo(json("{\"a\":[1]}"))
        .isEqualTo(payload.get("payload"));
    assertThat(payload.get("attempt").intValue()).isEqualTo(1);
    assertThat(payload.get("retry_count").intValue()).isZero();
    assertThat(payload.get("deadline_ms").longValue()).isEqualTo(30_000);
    assertThat(payload.get("scheduled_at").longValue())
        .isEqualTo(host.jobs().get(answer.get("id").stringValue()).dueAt().toEpochMilli());
  }

  @Test
  void a_job_that_fails_is_tried_again_and_then_dead() {
    JobInfo job = run("fail");
    assertThat(job.state()).isEqualTo(JobState.DEAD);
    assertThat(job.attempts()).extracting(JobAttempt::number).containsExactly(1, 2, 3);
    assertThat(job.attempts()).extracting(JobAttempt::outcome).containsOnly("STATUS");
    assertThat(job.reason()).isEqualTo("it answered -1 (error)");
  }

  @Test
  void a_bad_payload_and_an_unknown_job_are_not_tried_again() {
    assertThat(run("bad").attempts()).hasSize(1);
    JobInfo unknown = run("unknown");
    assertThat(unknown.attempts()).hasSize(1);
    assertThat(unknown.state()).isEqualTo(JobState.DEAD);
    assertThat(unknown.reason()).isEqualTo("it answered -4 (unknown job)");
  }

  @Test
  void a_dead_job_keeps_trap_and_backtrace_of_each_attempt() {
    JobInfo job = run("trap");
    assertThat(job.attempts())
        .hasSize(2)
        .extracting(JobAttempt::outcome)
        .containsOnly("UNREACHABLE");
    assertThat(job.attempts().getFirst().backtrace()).isNotEmpty();
    assertThat(host.health().recentFailures("jobs"))
        .anySatisfy(past -> assertThat(past.failure().hook()).isEqualTo("job trap"));
  }

  @Test
  void a_job_that_never_ends_is_cut_off_at_its_time_limit() {
    JobInfo job = run("loop");
    assertThat(job.state()).isEqualTo(JobState.DEAD);
    assertThat(job.attempts())
        .singleElement()
        .extracting(JobAttempt::outcome)
        .isEqualTo("DEADLINE");
  }

  @Test
  void a_job_may_ask_for_another_attempt_at_a_time() {
    JobInfo job = run("retry");
    assertThat(job.attempts()).hasSize(2).extracting(JobAttempt::outcome).containsOnly("RETRY");
  }

  @Test
  void an_operator_retries_a_dead_job() {
    JobInfo job = run("bad");
    assertThat(host.jobs().retry(job.id()).id()).isEqualTo(job.id());
    await().until(() -> host.jobs().get(job.id()).attempts().size() == 2);
    assertThat(host.audit().newest("jobs", 20)).extracting(AuditRow::event).contains("job_retry");
  }

  @Test
  void a_key_that_the_database_would_change_is_refused() throws InterruptedException {
    for (String key : List.of("", "\\u0000", "\\ud800", "x\\udfffx")) {
      assertThat(enqueue("{\"job\":\"ok\",\"idempotency_key\":\"" + key + "\"}").intValue())
          .as(key)
          .isEqualTo(-3);
    }
  }

  @Test
  void a_key_names_one_job_whatever_became_of_it() throws InterruptedException {
    String request = "{\"job\":\"ok\",\"idempotency_key\":\"order 7\"}";
    JsonNode first = enqueue(request);
    ended(host, first.get("id").stringValue());
    JsonNode second = enqueue(request);
    assertThat(second.get("id")).isEqualTo(first.get("id"));
    assertThat(second.get("created").booleanValue()).isFalse();
  }

  @Test
  void a_unique_job_with_equal_arguments_is_enqueued_once() throws InterruptedException {
    String request = "{\"job\":\"say-once\",\"args\":{\"a\":1},\"delay_ms\":600000}";
    JsonNode first = enqueue(request);
    assertThat(enqueue(request).get("id")).isEqualTo(first.get("id"));
    assertThat(enqueue(request.replace("1", "2")).get("created").booleanValue()).isTrue();
  }

  @Test
  void a_job_with_a_delay_waits_and_can_be_cancelled() throws InterruptedException {
    String id = enqueue("{\"job\":\"ok\",\"delay_ms\":600000}").get("id").stringValue();
    JobInfo waiting = host.jobs().get(id);
    assertThat(waiting.state()).isEqualTo(JobState.WAITING);
    assertThat(Duration.between(waiting.enqueuedAt(), waiting.dueAt()).toMinutes()).isEqualTo(10);
    assertThat(host.jobs().cancel(id).state()).isEqualTo(JobState.CANCELLED);
    assertThatThrownBy(() -> host.jobs().cancel(id))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("is CANCELLED: only a job that waits can be cancelled");
  }

  @Test
  void a_dead_job_is_deleted_with_its_attempts_and_the_audit_log_keeps_why() {
    JobInfo dead = run("trap");
    assertThat(dead.state()).isEqualTo(JobState.DEAD);

    host.jobs().delete(dead.id());

    assertThatThrownBy(() -> host.jobs().get(dead.id())).isInstanceOf(UnknownJobException.class);
    assertThatThrownBy(() -> host.jobs().delete(dead.id())).isInstanceOf(UnknownJobException.class);
    assertThat(host.audit().newest("jobs", 20))
        .filteredOn(row -> row.event().equals("job_delete") && row.detail().contains(dead.id()))
        .singleElement()
        .satisfies(row -> {
          assertThat(json(row.detail()).path("id").asString()).isEqualTo(dead.id());
          assertThat(json(row.detail()).path("job").asString()).isEqualTo("trap");
          assertThat(json(row.detail()).path("state").asString()).isEqualTo("dead");
          assertThat(json(row.detail()).path("reason").asString())
              .isEqualTo(dead.reason())
              .isNotEmpty();
        });
  }

  @Test
  void a_job_that_waits_or_has_succeeded_is_not_deleted() throws InterruptedException {
    String waiting = enqueue("{\"job\":\"ok\",\"delay_ms\":600000}").get("id").stringValue();
    assertThatThrownBy(() -> host.jobs().delete(waiting))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining(
            "is WAITING: only a job that is dead or was cancelled can be deleted");
    assertThatThrownBy(() -> host.jobs().delete(run("ok").id()))
        .isInstanceOf(ConflictException.class);
    host.jobs().cancel(waiting);
    host.jobs().delete(waiting);
    assertThat(host.jobs().list("jobs", Optional.empty(), 10))
        .extracting(JobInfo::id)
        .doesNotContain(waiting);
  }

  @Test
  void an_operator_runs_a_job_before_its_time() throws InterruptedException {
    String id = enqueue("{\"job\":\"ok\",\"delay_ms\":600000}").get("id").stringValue();
    host.jobs().retry(id);
    assertThat(ended(host, id).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void a_paused_job_waits_until_it_is_resumed() {
    host.jobs().pause("jobs", "hits");
    String id = host.jobs().run("jobs", "hits", json("{}")).id();
    run("ok");
    assertThat(host.jobs().get(id).state()).isEqualTo(JobState.WAITING);
    host.jobs().resume("jobs", "hits");
    assertThat(ended(host, id).state()).isEqualTo(JobState.SUCCEEDED);
  }

  @Test
  void requests_that_are_not_acceptable_get_a_status() throws InterruptedException {
    assertThat(enqueue("{\"job\":\"ok\",\"arg\":{}}").intValue()).isEqualTo(-3);
    assertThat(enqueue("{\"job\":\"ok\",\"args\":[]}").intValue()).isEqualTo(-3);
    assertThat(enqueue("{\"job\":\"ok\",\"delay_ms\":1,\"at\":1}").intValue()).isEqualTo(-3);
    assertThat(enqueue("{\"job\":\"ok\",\"priority\":101}").intValue()).isEqualTo(-3);
    assertThat(enqueue("{\"job\":\"absent\"}").intValue()).isEqualTo(-4);
    String large = "\"" + "x".repeat(64 * 1024) + "\"";
    assertThat(enqueue("{\"job\":\"ok\",\"args\":{\"a\":" + large + "}}").intValue()).isEqualTo(-3);
  }

  @Test
  void lists_are_of_a_plugin_and_a_state() {
    String id = run("bad").id();
    assertThat(host.jobs().list("jobs", Optional.of(JobState.DEAD), 100))
        .anySatisfy(job -> assertThat(job.id()).isEqualTo(id))
        .allSatisfy(job -> assertThat(job.state()).isEqualTo(JobState.DEAD));
    assertThat(host.jobs().list("other", Optional.empty(), 100)).isEmpty();
    assertThatThrownBy(() -> host.jobs().get("absent")).isInstanceOf(UnknownJobException.class);
  }
}
