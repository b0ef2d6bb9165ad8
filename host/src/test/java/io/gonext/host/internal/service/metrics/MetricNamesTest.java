package io.gonext.host.internal.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.internal.service.metrics.GuestMeters.Destination;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Metric;
import io.gonext.host.manifest.ManifestReader;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** No two names that manifests may have meet in what Prometheus scrapes. */
class MetricNamesTest {
  private static final List<String> WORDS =
      List.of(
          "a",
          "total",
          "created",
          "info",
          "bucket",
          "count",
          "sum",
          "max",
          "min",
          "value",
          "seconds",
          "bytes",
          "ratio",
          "gauge",
          "histogram",
          "active",
          "duration",
          "le");

  private static final List<String> KINDS = List.of("counter", "gauge", "summary");

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final GuestMeters meters = new GuestMeters(registry);

  @Test
  void each_name_is_scraped_as_its_own_metric_whatever_the_others_are() {
    for (int shift = 0; shift < KINDS.size(); shift++) {
      List<String> expected = new ArrayList<>();
      int i = shift;
      for (String name : names()) {
        Optional<Metric> metric = metric(name, KINDS.get(i++ % KINDS.size()));
        if (metric.isPresent()) {
          observe("shop", metric.get());
          expected.add(exposed(metric.get()));
        }
      }
      assertThat(expected).hasSizeGreaterThan(200);
      assertThat(registry.scrape().lines().filter(line -> line.endsWith(" 1.0")))
          .containsAll(expected.stream().map(name -> name + "{plugin=\"shop\"} 1.0").toList());
      meters.forget("shop");
      assertThat(registry.scrape()).isEmpty();
    }
  }

  @Test
  void names_that_clients_add_to_or_take_from_are_refused() {
    for (String ending : List.of("total", "created", "info", "bucket", "count", "sum", "max")) {
      assertThat(metric(ending, "counter")).isEmpty();
      assertThat(metric("orders_" + ending, "gauge")).isEmpty();
      assertThat(metric(ending + "_orders", "gauge")).isPresent();
    }
  }

  private void observe(String plugin, Metric metric) {
    Destination destination = meters.destination(meters.owner(plugin), metric, List.of());
    assertThat(destination).as("%s", metric).isInstanceOf(Destination.Recorded.class);
    ((Destination.Recorded) destination).recorder().accept(1);
  }

  private static String exposed(Metric metric) {
    return "gonext_guest_"
        + metric.name()
        + switch (metric.kind()) {
          case COUNTER -> "_total";
          case GAUGE -> "";
          case SUMMARY -> "_sum";
        };
  }

  private static List<String> names() {
    List<String> names = new ArrayList<>(WORDS);
    for (String first : WORDS) {
      for (String second : WORDS) {
        names.add(first + "_" + second);
      }
    }
    for (String word : WORDS) {
      names.add("a_" + word + "_seconds");
      names.add("a_seconds_" + word);
    }
    return names.stream().distinct().toList();
  }

  /** Empty if a manifest may not have the name. */
  private static Optional<Metric> metric(String name, String kind) {
    String manifest =
        GuestBundle.of("shop", new byte[0])
            .field("metrics", "[{\"name\":\"" + name + "\",\"kind\":\"" + kind + "\"}]")
            .manifest();
    try {
      Manifest read = ManifestReader.read(manifest.getBytes(StandardCharsets.UTF_8));
      return Optional.of(read.metrics().getFirst());
    } catch (BundleRejectedException e) {
      return Optional.empty();
    }
  }
}
