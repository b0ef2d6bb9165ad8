package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.manifest.Manifest.Metric;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which metrics a manifest may declare. */
class MetricsCheckTest {
  @Test
  void metrics_are_read() {
    assertThat(
            read("""
            {"name":"orders","kind":"counter","unit":"parcels",
             "labels":[{"name":"outcome","values":["ok","not ok"]}]},
            {"name":"queue_length","kind":"gauge"}
            """)
                .metrics())
        .containsExactly(
            new Metric(
                "orders",
                Metric.Kind.COUNTER,
                "parcels",
                List.of(new Metric.Label("outcome", List.of("ok", "not ok")))),
            new Metric("queue_length", Metric.Kind.GAUGE, "", List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'name':'Orders','kind':'gauge'} | /metrics/0/name: ",
        "{'name':'a__b','kind':'gauge'} | /metrics/0/name: ",
        "{'name':'a_','kind':'gauge'} | /metrics/0/name: ",
        "{'name':'a','kind':'histogram'} | /metrics/0/kind: ",
        "{'name':'a'} | /metrics/0/kind: ",
        "{'name':'a_total','kind':'counter'} | without the ending _total, which Prometheus'",
        "{'name':'max','kind':'gauge'} | without the ending max, which Prometheus'",
        "{'name':'a','kind':'gauge'},{'name':'a','kind':'gauge'} | /metrics/1: a is listed twice",
        "{'name':'a','kind':'gauge','labels':[{'name':'plugin','values':['x']}]} | plugin is a"
            + " label",
        "{'name':'a','kind':'gauge','labels':[{'name':'le','values':['x']}]} | /labels/0/name: le"
            + " is",
        "{'name':'a','kind':'gauge','labels':[{'name':'b','values':[]}]} | /labels/0/values: ",
        "{'name':'a','kind':'gauge','labels':[{'name':'b','values':['']}]} | /values/0: ",
        "{'name':'a','kind':'gauge','labels':[{'name':'b','values':[' x']}]} | /values/0: ",
        "{'name':'a','kind':'gauge','labels':[{'name':'b','values':['x','x']}]} | /values: ",
      })
  void a_metric_that_cannot_be_is_refused(String metric, String problem) {
    assertThatThrownBy(() -> read(metric.replace('\'', '"')))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void a_label_is_listed_once() {
    assertThatThrownBy(() ->
            read(
                """
                {"name":"a","kind":"gauge","labels":[{"name":"b","values":["x"]},
                                                     {"name":"b","values":["y"]}]}
                """))
        .hasMessageContaining("/metrics/0/labels/1/name: b is listed twice");
  }

  @Test
  void a_plugin_has_1000_series_at_most() {
    assertThat(read(metric("a", "counter", 100, 10)).metrics()).hasSize(1);
    assertThatThrownBy(() -> read(metric("a", "counter", 100, 10) + "," + metric("b", "gauge", 1)))
        .hasMessageContaining("/metrics: 1001 series; allowed: 1000 series at most: give labels");
    assertThat(read(metric("a", "summary", 37, 9)).metrics()).hasSize(1);
    assertThatThrownBy(() -> read(metric("a", "summary", 67, 5)))
        .hasMessageContaining("1005 series");
    assertThatThrownBy(() -> read(metric("a", "gauge", 100, 100, 100, 100, 100, 100, 100, 100)))
        .hasMessageContaining("10000000000000000 series");
  }

  private static String metric(String name, String kind, int... values) {
    String labels =
        IntStream.range(0, values.length)
            .mapToObj(i ->
                "{\"name\":\"l%d\",\"values\":[%s]}"
                    .formatted(
                        i,
                        IntStream.range(0, values[i])
                            .mapToObj(v -> "\"v" + v + "\"")
                            .collect(Collectors.joining(","))))
            .collect(Collectors.joining(","));
    return "{\"name\":\"%s\",\"kind\":\"%s\",\"labels\":[%s]}".formatted(name, kind, labels);
  }

  private static Manifest read(String metrics) {
    return ManifestReader.read(
        ("{\"name\":\"shop\",\"version\":\"1.0.0\",\"entry\":\"plugin.wasm\",\"metrics\":["
                + metrics
                + "]}")
            .getBytes(StandardCharsets.UTF_8));
  }
}
