package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.activate;
import static io.gonext.host.JobsTest.bundle;
import static io.gonext.host.JobsTest.ended;
import static io.gonext.host.JobsTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of jobs in metrics, spans and the audit log. */
@Timeout(120)
class JobsObservedTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final SdkTracerProvider provider =
      SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build();

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data)
                .jobs(QUICK)
                .meters(meters)
                .telemetry(OpenTelemetrySdk.builder().setTracerProvider(provider).build())
                .build());
    activate(host, bundle("jobs", "1.0.0", "[\"ok\",{\"name\":\"fail\",\"max_attempts\":1}]"));
  }

  @AfterEach
  void close() {
    host.close();
    provider.close();
  }

  @Test
  void each_attempt_is_timed_by_its_outcome() {
    ended(host, host.jobs().run("jobs", "ok", json("{}")).id());
    ended(host, host.jobs().run("jobs", "fail", json("{}")).id());
    assertThat(
            meters
                .get("gonext.plugin.job")
                .tags("plugin", "jobs", "job", "ok", "outcome", "OK")
                .timer()
                .count())
        .isEqualTo(1);
    assertThat(
            meters
                .get("gonext.plugin.job")
                .tags("plugin", "jobs", "job", "fail", "outcome", "STATUS")
                .timer()
                .count())
        .isEqualTo(1);
  }

  @Test
  void instances_of_jobs_are_counted_apart_from_those_of_hooks() throws InterruptedException {
    double calls = checkouts("gonext.plugin.pool.checkout");
    ended(host, host.jobs().run("jobs", "ok", json("{}")).id());
    assertThat(checkouts("gonext.plugin.job.pool.checkout")).isEqualTo(1);
    assertThat(checkouts("gonext.plugin.pool.checkout")).isEqualTo(calls);
    assertThat(meters.get("gonext.plugin.job.pool.pool.size").tag("plugin", "jobs").gauge().value())
        .isEqualTo(1);
    host.plugins().deactivate("jobs");
    host.plugins().uninstall("jobs");
    assertThat(meters.find("gonext.plugin.job.pool.checkout").functionCounter()).isNull();
    assertThat(meters.find("gonext.plugin.instances").gauge()).isNull();
  }

  private double checkouts(String name) {
    return meters.get(name).tag("plugin", "jobs").functionCounter().count();
  }

  @Test
  void the_span_of_an_attempt_is_below_the_span_that_enqueued_the_job()
      throws InterruptedException {
    String id =
        host.applyFilters("enqueue", json("{\"job\":\"ok\"}")).value().get("id").stringValue();
    ended(host, id);
    SpanData hook =
        spans.getFinishedSpanItems().stream()
            .filter(span -> span.getName().equals("gonext.hook enqueue"))
            .findAny()
            .orElseThrow();
    SpanData job =
        await()
            .until(
                () ->
                    spans.getFinishedSpanItems().stream()
                        .filter(span -> span.getName().equals("gonext.job ok"))
                        .findAny(),
                Optional::isPresent)
            .orElseThrow();
    assertThat(job.getParentSpanId()).isEqualTo(hook.getSpanId());
    assertThat(job.getTraceId()).isEqualTo(hook.getTraceId());
    assertThat(job.getAttributes().get(AttributeKey.stringKey("gonext.job.id"))).isEqualTo(id);
  }

  @Test
  void an_event_that_a_job_adds_is_in_the_span_of_its_attempt() throws InterruptedException {
    host.plugins()
        .deploy(
            GuestBundle.of("spans", Guests.wasm("spans"))
                .filter("cache.miss")
                .field("jobs", "[\"mark\"]")
                .field("capabilities", "[\"events.emit\"]")
                .bytes(),
            Set.of("events.emit"));
    JobInfo ended = ended(host, host.jobs().run("spans", "mark", json("{}")).id());
    assertThat(ended.state()).as("%s", ended.attempts()).isEqualTo(JobState.SUCCEEDED);
    SpanData job =
        await()
            .until(
                () ->
                    spans.getFinishedSpanItems().stream()
                        .filter(span -> span.getName().equals("gonext.job mark"))
                        .findAny(),
                Optional::isPresent)
            .orElseThrow();
    assertThat(job.getEvents()).singleElement().extracting(EventData::getName).isEqualTo("mark");
  }

  @Test
  void acts_of_an_operator_are_audit_rows_and_failures_are_log_lines() {
    String id = ended(host, host.jobs().run("jobs", "fail", json("{}")).id()).id();
    host.jobs().retry(id);
    host.jobs().pause("jobs");
    host.jobs().resume("jobs");
    assertThat(host.audit().newest("jobs", 10))
        .extracting(AuditRow::event)
        .contains("job_run", "job_retry", "job_pause", "job_resume");
    assertThat(host.logs().recent("jobs"))
        .anySatisfy(line ->
            assertThat(line.text())
                .contains("job fail (" + id + "), attempt 1: STATUS, it answered -1 (error)"));
  }

  @Test
  void the_numbers_of_jobs_by_state_are_gauges() throws InterruptedException {
    host.jobs().request("jobs", json("{\"job\":\"ok\",\"delay_ms\":600000}"));
    host.close();
    open();
    await()
        .until(() ->
            meters.find("gonext.plugin.jobs").tags("plugin", "jobs", "state", "waiting").gauge()
                != null);
    assertThat(meters.get("gonext.plugin.jobs").tags("state", "waiting").gauge().value())
        .isEqualTo(1);
    assertThat(meters.get("gonext.plugin.job.lag").tags("plugin", "jobs").gauge().value()).isZero();
  }
}
