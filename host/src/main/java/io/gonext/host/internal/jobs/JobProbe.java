package io.gonext.host.internal.jobs;

import io.gonext.host.internal.hook.SeriesBudget;
import io.gonext.host.internal.store.JobRecords;
import io.gonext.host.internal.store.JobStore;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is measured of jobs: their runs, their spans, and how many there are. Thread-safe. */
final class JobProbe {
  /** The label of all runs of actions, whose names plugins make up. */
  private static final String ACTION = "event";

  private final MeterRegistry meters;
  private final SeriesBudget series;

  /** Null without telemetry. */
  private final @Nullable Tracer tracer;

  private final MultiGauge jobs;
  private final MultiGauge lag;

  JobProbe(MeterRegistry meters, SeriesBudget series, OpenTelemetry telemetry) {
    this.series = series;
    this.meters = meters;
    this.tracer =
        telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host");
    this.jobs =
        MultiGauge.builder("gonext.plugin.jobs")
            .description("Jobs of a plugin by state, of all hosts together")
            .register(meters);
    this.lag =
        MultiGauge.builder("gonext.plugin.job.lag")
            .description("For how long the plugin's first job that is due has not begun")
            .baseUnit("seconds")
            .register(meters);
  }

  /**
   * The span of one attempt, below the span that enqueued the job; invalid without telemetry. The
   * job of a schedule begins a trace.
   */
  Span span(JobStore.Stored job) {
    if (tracer == null) {
      return Span.getInvalid();
    }
    return tracer
        .spanBuilder("gonext.job " + job.name())
        .setParent(Context.root().with(Span.wrap(origin(job.trace()))))
        .setSpanKind(SpanKind.CONSUMER)
        .setAttribute("gonext.plugin", job.plugin())
        .setAttribute("gonext.job", job.name())
        .setAttribute("gonext.job.id", job.id())
        .setAttribute("gonext.job.attempt", (long) job.attempts() + 1)
        .startSpan();
  }

  private static SpanContext origin(@Nullable String traceparent) {
    String[] parts = traceparent == null ? new String[0] : traceparent.split("-", -1);
    return parts.length == 4
        ? SpanContext.createFromRemoteParent(
            parts[1], parts[2], TraceFlags.fromHex(parts[3], 0), TraceState.getDefault())
        : SpanContext.getInvalid();
  }

  /** An attempt ended. */
  void ended(JobStore.Stored job, Span span, String outcome, Duration took) {
    span.setAttribute("gonext.outcome", outcome);
    if (!outcome.equals("OK")) {
      span.setAttribute("error.type", outcome);
      span.setStatus(StatusCode.ERROR, outcome);
    }
    Timer.builder("gonext.plugin.job")
        .description("Time of one attempt at a job, by outcome")
        .tags(
            series.tags(
                job.plugin(),
                "gonext.plugin.job",
                3,
                Tag.of("job", job.kind() == JobStore.Kind.GUEST ? job.name() : ACTION),
                Tag.of("outcome", outcome)))
        .register(meters)
        // The store's clock may go back between two looks at it.
        .record(took.isNegative() ? Duration.ZERO : took);
  }

  /** The result of an attempt was dropped, because another node has taken the job over. */
  void fenced(String plugin) {
    Counter.builder("gonext.plugin.job.fenced")
        .description("Results of jobs that came after another node had taken the job over")
        .tag("plugin", plugin)
        .register(meters)
        .increment();
  }

  void show(List<JobRecords.Count> counts, Instant now) {
    List<Row<?>> states = new ArrayList<>();
    Map<String, Instant> oldest = new HashMap<>();
    for (JobRecords.Count count : counts) {
      states.add(
          Row.of(
              Tags.of(
                  "plugin", count.plugin(), "state", count.state().name().toLowerCase(Locale.ROOT)),
              count.jobs()));
      oldest.putIfAbsent(count.plugin(), now);
      Instant due = count.oldestDue();
      if (due != null) {
        oldest.merge(count.plugin(), due, (a, b) -> a.isBefore(b) ? a : b);
      }
    }
    jobs.register(states, true);
    List<Row<?>> lags = new ArrayList<>();
    oldest.forEach((plugin, due) ->
        lags.add(
            Row.of(Tags.of("plugin", plugin), Duration.between(due, now).toMillis() / 1000.0)));
    lag.register(lags, true);
  }

  /** Removes the gauges: another host may use the registry from now on. */
  void close() {
    jobs.register(List.of(), true);
    lag.register(List.of(), true);
  }
}
