package io.gonext.cli.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.distribution.CountAtBucket;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.sdk.common.Clock;
import io.opentelemetry.sdk.common.InstrumentationScopeInfo;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.Data;
import io.opentelemetry.sdk.metrics.data.DoublePointData;
import io.opentelemetry.sdk.metrics.data.GaugeData;
import io.opentelemetry.sdk.metrics.data.HistogramData;
import io.opentelemetry.sdk.metrics.data.HistogramPointData;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.data.MetricDataType;
import io.opentelemetry.sdk.metrics.data.SumData;
import io.opentelemetry.sdk.metrics.export.MetricProducer;
import io.opentelemetry.sdk.resources.Resource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of {@code /metrics} for OpenTelemetry, under their names with dots. They are read
 * when they are exported, so that a call does not count anything twice. Thread-safe.
 */
final class MeterExport implements MetricProducer {
  private static final InstrumentationScopeInfo SCOPE =
      InstrumentationScopeInfo.create("io.gonext.host");

  private final MeterRegistry meters;
  private final Clock clock;
  private final long beganNanos;

  MeterExport(MeterRegistry meters, Clock clock) {
    this.meters = meters;
    this.clock = clock;
    this.beganNanos = clock.now();
  }

  /** One metric, as the exporter wants it. */
  private record Metric(
      Resource getResource,
      String getName,
      String getDescription,
      String getUnit,
      MetricDataType getType,
      Data<?> getData)
      implements MetricData {
    @Override
    public InstrumentationScopeInfo getInstrumentationScopeInfo() {
      return SCOPE;
    }
  }

  /** Meters with the same name are series of one metric. */
  private record Key(String name, String unit, MetricDataType type) {}

  /** The series of a metric that were read so far. */
  private static final class Series {
    private final List<DoublePointData> numbers = new ArrayList<>();
    private final List<HistogramPointData> histograms = new ArrayList<>();
    private String description = "";
  }

  @Override
  public Collection<MetricData> produce(Resource resource) {
    Map<Key, Series> all = new LinkedHashMap<>();
    long now = clock.now();
    for (Meter meter : meters.getMeters()) {
      meter.use(
          gauge -> number(all, meter, MetricDataType.DOUBLE_GAUGE, gauge.value(), now),
          counter -> number(all, meter, MetricDataType.DOUBLE_SUM, counter.count(), now),
          timer ->
              histogram(
                  all,
                  meter,
                  "s",
                  timer.takeSnapshot(),
                  snapshot -> snapshot.total(TimeUnit.SECONDS),
                  snapshot -> snapshot.max(TimeUnit.SECONDS),
                  bucket -> bucket.bucket(TimeUnit.SECONDS),
                  now),
          summary ->
              histogram(
                  all,
                  meter,
                  unit(meter),
                  summary.takeSnapshot(),
                  HistogramSnapshot::total,
                  HistogramSnapshot::max,
                  CountAtBucket::bucket,
                  now),
          longTimer ->
              number(all, meter, MetricDataType.DOUBLE_GAUGE, longTimer.activeTasks(), now),
          timeGauge ->
              number(
                  all,
                  meter,
                  "s",
                  MetricDataType.DOUBLE_GAUGE,
                  timeGauge.value(TimeUnit.SECONDS),
                  now),
          counter -> number(all, meter, MetricDataType.DOUBLE_SUM, counter.count(), now),
          timer ->
              add(all, meter, "s", MetricDataType.HISTOGRAM)
                  .histograms
                  .add(
                      point(
                          meter,
                          timer.totalTime(TimeUnit.SECONDS),
                          null,
                          List.of(),
                          List.of((long) timer.count()),
                          now)),
          other -> {});
    }
    List<MetricData> metrics = new ArrayList<>();
    all.forEach((key, series) -> metrics.add(metric(resource, key, series)));
    return metrics;
  }

  private static MetricData metric(Resource resource, Key key, Series series) {
    Data<?> data =
        switch (key.type) {
          case DOUBLE_SUM ->
              SumData.createDoubleSumData(true, AggregationTemporality.CUMULATIVE, series.numbers);
          case HISTOGRAM ->
              HistogramData.create(AggregationTemporality.CUMULATIVE, series.histograms);
          default -> GaugeData.createDoubleGaugeData(series.numbers);
        };
    return new Metric(resource, key.name, series.description, key.unit, key.type, data);
  }

  private static Series add(Map<Key, Series> all, Meter meter, String unit, MetricDataType type) {
    Series series =
        all.computeIfAbsent(new Key(meter.getId().getName(), unit, type), _ -> new Series());
    String description = meter.getId().getDescription();
    if (description != null) {
      series.description = description;
    }
    return series;
  }

  private void number(
      Map<Key, Series> all, Meter meter, MetricDataType type, double value, long now) {
    number(all, meter, unit(meter), type, value, now);
  }

  private void number(
      Map<Key, Series> all, Meter meter, String unit, MetricDataType type, double value, long now) {
    if (!Double.isNaN(value)) {
      add(all, meter, unit, type)
          .numbers
          .add(DoublePointData.create(beganNanos, now, attributes(meter), value, List.of()));
    }
  }

  private void histogram(
      Map<Key, Series> all,
      Meter meter,
      String unit,
      HistogramSnapshot snapshot,
      ToDoubleFunction<HistogramSnapshot> total,
      ToDoubleFunction<HistogramSnapshot> max,
      ToDoubleFunction<CountAtBucket> boundary,
      long now) {
    List<Double> boundaries = new ArrayList<>();
    List<Long> counts = new ArrayList<>();
    long below = 0;
    for (CountAtBucket bucket : snapshot.histogramCounts()) {
      double at = boundary.applyAsDouble(bucket);
      if (Double.isFinite(at)) {
        boundaries.add(at);
        long here = (long) bucket.count();
        counts.add(Math.max(0, here - below));
        below = Math.max(below, here);
      }
    }
    counts.add(Math.max(0, snapshot.count() - below));
    add(all, meter, unit, MetricDataType.HISTOGRAM)
        .histograms
        .add(
            point(
                meter,
                total.applyAsDouble(snapshot),
                max.applyAsDouble(snapshot),
                boundaries,
                counts,
                now));
  }

  private HistogramPointData point(
      Meter meter,
      double sum,
      @Nullable Double max,
      List<Double> boundaries,
      List<Long> counts,
      long now) {
    return HistogramPointData.create(
        beganNanos,
        now,
        attributes(meter),
        sum,
        false,
        0,
        max != null,
        max == null ? 0 : max,
        boundaries,
        counts);
  }

  private static Attributes attributes(Meter meter) {
    AttributesBuilder attributes = Attributes.builder();
    for (Tag tag : meter.getId().getTagsAsIterable()) {
      attributes.put(tag.getKey(), tag.getValue());
    }
    return attributes.build();
  }

  /** In the notation of UCUM, as OpenTelemetry has it. */
  private static String unit(Meter meter) {
    String unit = meter.getId().getBaseUnit();
    return switch (unit) {
      case null -> "";
      case "seconds" -> "s";
      case "milliseconds" -> "ms";
      case "bytes" -> "By";
      default -> "{" + unit + "}";
    };
  }
}
