package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Metrics of guests, in what Prometheus scrapes. */
class GuestMetricsTest {
  private static final int BAD_ARGUMENTS = -3;
  private static final int INTERNAL = -2;
  private static final int DENIED = -1;

  private static final String COUNTER = "{\"name\":\"orders\",\"kind\":\"counter\"}";
  private static final String LABELLED =
      """
      {"name":"orders","kind":"counter","labels":[{"name":"outcome","values":["ok","failed"]}]}\
      """;
  private static final String GAUGE = "{\"name\":\"orders\",\"kind\":\"gauge\"}";
  private static final String SUMMARY = "{\"name\":\"orders\",\"kind\":\"summary\"}";

  private static final PrometheusMeterRegistry METERS =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  @TempDir private static Path data;
  private static Host host;

  @BeforeAll
  static void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).trust(TrustPolicy.off()).meters(METERS).build());
  }

  @AfterAll
  static void close() {
    host.close();
  }

  @AfterEach
  void no_metric_outlives_its_plugin() throws InterruptedException {
    for (StoredPlugin plugin : host.plugins().list()) {
      host.plugins().deactivate(plugin.name());
      host.plugins().uninstall(plugin.name());
    }
    assertThat(guestLines()).isEmpty();
  }

  @Test
  void a_counter_is_exposed_with_its_plugin_and_labels() throws InterruptedException {
    activate(bundle("shop", LABELLED));
    assertThat(observe("shop", "one", "{\"outcome\":\"ok\"}")).isZero();
    assertThat(observe("shop", "half", "{ \"outcome\" : \"ok\" }")).isZero();
    assertThat(observe("shop", "one", "{\"outcome\":\"failed\"}")).isZero();
    assertThat(guestLines())
        .containsExactlyInAnyOrder(
            "gonext_guest_orders_total{outcome=\"ok\",plugin=\"shop\"} 1.5",
            "gonext_guest_orders_total{outcome=\"failed\",plugin=\"shop\"} 1.0");
  }

  @Test
  void a_gauge_keeps_the_last_value() throws InterruptedException {
    activate(bundle("shop", GAUGE));
    observe("shop", "one", "null");
    observe("shop", "minus", "null");
    assertThat(guestLines()).containsExactly("gonext_guest_orders{plugin=\"shop\"} -1.0");
  }

  @Test
  void a_summary_has_count_sum_and_maximum() throws InterruptedException {
    activate(bundle("shop", SUMMARY));
    observe("shop", "one", "null");
    observe("shop", "half", "null");
    assertThat(guestLines())
        .containsExactlyInAnyOrder(
            "gonext_guest_orders_count{plugin=\"shop\"} 2",
            "gonext_guest_orders_sum{plugin=\"shop\"} 1.5",
            "gonext_guest_orders_max{plugin=\"shop\"} 1.0");
  }

  @Test
  void the_unit_is_in_the_help_text() throws InterruptedException {
    activate(bundle("shop", "{\"name\":\"orders\",\"kind\":\"counter\",\"unit\":\"parcels\"}"));
    observe("shop", "one", "null");
    assertThat(METERS.scrape())
        .contains("# HELP gonext_guest_orders_total Recorded by plugins, in parcels");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "[]",
        "{}",
        "{\"outcome\":\"lost\"}",
        "{\"outcome\":1}",
        "{\"outcom\":\"ok\"}",
        "{\"outcome\":\"ok\",\"more\":\"ok\"}"
      })
  void labels_that_are_not_declared_are_bad_arguments(String labels) throws InterruptedException {
    activate(bundle("shop", LABELLED));
    assertThat(observe("shop", "one", labels)).isEqualTo(BAD_ARGUMENTS);
    assertThat(guestLines()).isEmpty();
  }

  @Test
  void a_metric_that_is_not_declared_is_bad_arguments() throws InterruptedException {
    activate(bundle("shop", "{\"name\":\"other\",\"kind\":\"counter\"}"));
    assertThat(observe("shop", "one", "null")).isEqualTo(BAD_ARGUMENTS);
    assertThat(error("shop", "null")).isEqualTo("the manifest declares no metric orders");
    assertThat(guestLines()).isEmpty();
  }

  @Test
  void the_last_error_says_which_values_a_label_has() throws InterruptedException {
    activate(bundle("shop", LABELLED));
    assertThat(error("shop", "{\"outcome\":\"lost\"}"))
        .isEqualTo("the label outcome of orders has the values [ok, failed], not \"lost\"");
    assertThat(error("shop", "{\"outcome\":\"ok\"}"))
        .isEqualTo("orders is a counter and takes no numbers below 0, such as -1.0");
  }

  @ParameterizedTest
  @CsvSource({
    "counter, nan, -3",
    "counter, infinite, -3",
    "counter, minus, -3",
    "summary, nan, -3",
    "summary, infinite, -3",
    "summary, minus, -3",
    "gauge, nan, -3",
    "gauge, infinite, -3",
    "gauge, minus, 0",
  })
  void a_value_that_a_kind_does_not_take_is_refused(String kind, String value, int status)
      throws InterruptedException {
    activate(bundle("shop", "{\"name\":\"orders\",\"kind\":\"" + kind + "\"}"));
    assertThat(observe("shop", value, "null")).isEqualTo(status);
    assertThat(guestLines()).hasSize(status == 0 ? 1 : 0);
  }

  @Test
  void a_plugin_without_the_grant_is_denied() throws InterruptedException {
    host.plugins().install(bundle("shop", COUNTER).bytes());
    host.plugins().activate("shop");
    assertThat(observe("shop", "one", "null")).isEqualTo(DENIED);
    assertThat(guestLines()).isEmpty();
  }

  @Test
  void two_plugins_with_the_same_metric_share_its_name() throws InterruptedException {
    activate(bundle("shop", LABELLED));
    activate(bundle("store", LABELLED));
    observe("shop", "one", "{\"outcome\":\"ok\"}");
    observe("store", "half", "{\"outcome\":\"ok\"}");
    assertThat(guestLines())
        .containsExactlyInAnyOrder(
            "gonext_guest_orders_total{outcome=\"ok\",plugin=\"shop\"} 1.0",
            "gonext_guest_orders_total{outcome=\"ok\",plugin=\"store\"} 0.5");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        GAUGE,
        SUMMARY,
        "{\"name\":\"orders\",\"kind\":\"counter\",\"unit\":\"parcels\"}",
        """
        {"name":"orders","kind":"counter","labels":[{"name":"color","values":["red"]}]}\
        """
      })
  void a_second_plugin_with_another_metric_of_a_name_records_nothing(String other)
      throws InterruptedException {
    activate(bundle("shop", COUNTER));
    observe("shop", "one", "null");
    InstallResult installed = activate(bundle("store", other));
    assertThat(installed.warnings())
        .filteredOn(warning -> warning.startsWith("/metrics"))
        .singleElement()
        .asString()
        .contains("orders is a ", "of the plugin shop a counter", "rename one of them");

    String labels = other.contains("color") ? "{\"color\":\"red\"}" : "null";
    assertThat(observe("store", "one", labels)).isEqualTo(INTERNAL);
    assertThat(observe("store", "one", labels)).isEqualTo(INTERNAL);
    assertThat(guestLines()).containsExactly("gonext_guest_orders_total{plugin=\"shop\"} 1.0");
    assertThat(host.logs().recent("store"))
        .singleElement()
        .extracting(LogLine::text)
        .asString()
        .contains("of the plugin shop a counter");

    host.plugins().deactivate("shop");
    host.plugins().uninstall("shop");
    assertThat(observe("store", "one", labels)).isZero();
    assertThat(guestLines()).isNotEmpty().allMatch(line -> line.contains("plugin=\"store\""));
  }

  @Test
  void a_counter_survives_an_update_and_a_rollback() throws InterruptedException {
    activate(bundle("shop", COUNTER));
    observe("shop", "one", "null");
    update(bundle("shop", COUNTER).version("2.0.0"));
    observe("shop", "one", "null");
    host.plugins().rollback("shop");
    observe("shop", "one", "null");
    assertThat(guestLines()).containsExactly("gonext_guest_orders_total{plugin=\"shop\"} 3.0");
  }

  @ParameterizedTest
  @CsvSource({"counter, gauge", "gauge, summary", "summary, counter"})
  void an_update_may_change_the_kind_of_a_metric(String before, String after)
      throws InterruptedException {
    activate(bundle("shop", "{\"name\":\"orders\",\"kind\":\"" + before + "\"}"));
    observe("shop", "one", "null");
    update(bundle("shop", "{\"name\":\"orders\",\"kind\":\"" + after + "\"}").version("2.0.0"));
    assertThat(guestLines()).isEmpty();
    assertThat(observe("shop", "half", "null")).isZero();
    assertThat(guestLines()).isNotEmpty();
    assertThat(METERS.scrape()).contains("# TYPE gonext_guest_orders").contains(" " + after);
  }

  @Test
  void an_update_drops_metrics_and_values_that_are_not_declared_any_more()
      throws InterruptedException {
    activate(bundle("shop", LABELLED + ",{\"name\":\"visits\",\"kind\":\"gauge\"}"));
    observe("shop", "one", "{\"outcome\":\"ok\"}");
    observe("shop", "one", "{\"outcome\":\"failed\"}");
    call("visits.one.shop", "null");
    assertThat(guestLines()).hasSize(3);
    update(bundle("shop", LABELLED.replace(",\"failed\"", "")).version("2.0.0"));
    assertThat(guestLines())
        .containsExactly("gonext_guest_orders_total{outcome=\"ok\",plugin=\"shop\"} 1.0");
  }

  @Test
  void deactivation_removes_gauges_and_keeps_counters() throws InterruptedException {
    activate(bundle("shop", COUNTER + ",{\"name\":\"visits\",\"kind\":\"gauge\"}"));
    observe("shop", "one", "null");
    call("visits.one.shop", "null");
    host.plugins().deactivate("shop");
    assertThat(guestLines()).containsExactly("gonext_guest_orders_total{plugin=\"shop\"} 1.0");
    host.plugins().activate("shop");
    observe("shop", "one", "null");
    call("visits.half.shop", "null");
    assertThat(guestLines())
        .containsExactlyInAnyOrder(
            "gonext_guest_orders_total{plugin=\"shop\"} 2.0",
            "gonext_guest_visits{plugin=\"shop\"} 0.5");
  }

  @Test
  void uninstalling_removes_a_plugins_metrics_and_no_others() throws InterruptedException {
    activate(bundle("shop", COUNTER));
    activate(bundle("store", COUNTER));
    observe("shop", "one", "null");
    observe("store", "one", "null");
    host.plugins().deactivate("shop");
    host.plugins().uninstall("shop");
    assertThat(guestLines()).containsExactly("gonext_guest_orders_total{plugin=\"store\"} 1.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gonext.guest.orders", "gonext_guest_orders_max", "gonext.guest"})
  void a_metric_gives_way_to_a_meter_of_the_application(String name) throws InterruptedException {
    Gauge.builder(name, () -> 7).register(METERS);
    InstallResult installed = activate(bundle("shop", SUMMARY));
    assertThat(installed.warnings())
        .containsExactly(
            "/metrics: the application has a meter " + name + ", so that orders is not recorded");
    assertThat(observe("shop", "one", "null")).isEqualTo(INTERNAL);
    assertThat(METERS.scrape()).contains(" 7.0");
    METERS.getMeters().stream()
        .filter(meter -> meter.getId().getName().equals(name))
        .forEach(METERS::remove);
  }

  @Test
  void meters_with_other_names_do_not_matter() throws InterruptedException {
    Gauge before = Gauge.builder("gonext", () -> 1).register(METERS);
    Gauge similar = Gauge.builder("gonext.guest.ordersize", () -> 1).register(METERS);
    activate(bundle("shop", COUNTER));
    assertThat(observe("shop", "one", "null")).isZero();
    Gauge after = Gauge.builder("gonext.guestbook", () -> 1).register(METERS);
    assertThat(observe("shop", "one", "null")).isZero();
    assertThat(guestLines()).contains("gonext_guest_orders_total{plugin=\"shop\"} 2.0");
    List.of(before, similar, after).forEach(METERS::remove);
  }

  @Test
  void a_meter_below_a_composite_registry_is_found(@TempDir Path own) throws InterruptedException {
    Timer below = Timer.builder("gonext.guest.orders").register(METERS);
    CompositeMeterRegistry composite = new CompositeMeterRegistry();
    composite.add(METERS);
    try (Host other = Host.open(HostConfig.builder(own).meters(composite).build())) {
      activate(other, bundle("shop", GAUGE));
      assertThat(call(other, "orders.one.shop", "null").intValue()).isEqualTo(INTERNAL);
      assertThat(METERS.scrape()).contains("gonext_guest_orders_seconds_max");
    }
    METERS.remove(below);
  }

  @Test
  void a_meter_that_the_application_adds_later_does_not_stop_a_scrape()
      throws InterruptedException {
    activate(bundle("shop", SUMMARY));
    observe("shop", "one", "null");
    Counter later = Counter.builder("gonext.guest.orders.max").register(METERS);
    later.increment(7);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> METERS.find("gonext.guest.orders").meter() == null);
    assertThat(METERS.scrape()).contains("gonext_guest_orders_max_total 7.0");
    assertThat(observe("shop", "one", "null")).isEqualTo(INTERNAL);
    METERS.remove(later);
  }

  @Test
  void another_host_may_use_the_registry_after_this_one(@TempDir Path own)
      throws InterruptedException {
    HostConfig config = HostConfig.builder(own).meters(METERS).build();
    try (Host first = Host.open(config)) {
      activate(first, bundle("shop", COUNTER));
      call(first, "orders.one.shop", "null");
    }
    assertThat(guestLines()).isEmpty();
    try (Host second = Host.open(config)) {
      call(second, "orders.half.shop", "null");
      assertThat(guestLines()).containsExactly("gonext_guest_orders_total{plugin=\"shop\"} 0.5");
    }
  }

  private static GuestBundle bundle(String plugin, String metrics) {
    GuestBundle bundle = GuestBundle.of(plugin, Guests.wasm("observes"));
    for (String value : List.of("one", "half", "minus", "infinite", "nan", "error")) {
      bundle.filter("orders." + value + "." + plugin).filter("visits." + value + "." + plugin);
    }
    return bundle
        .field("capabilities", "[\"metrics.observe\"]")
        .field("metrics", "[" + metrics + "]");
  }

  private static InstallResult activate(GuestBundle bundle) throws InterruptedException {
    return activate(host, bundle);
  }

  private static InstallResult activate(Host host, GuestBundle bundle) throws InterruptedException {
    InstallResult installed = host.plugins().install(bundle.bytes());
    host.plugins().grantRequested(installed.manifest().name());
    host.plugins().activate(installed.manifest().name());
    return installed;
  }

  private static void update(GuestBundle bundle) throws InterruptedException {
    assertThat(host.plugins().update(bundle.bytes())).isInstanceOf(UpdateResult.Replaced.class);
  }

  /** The status that the plugin got. */
  private static int observe(String plugin, String value, String labels)
      throws InterruptedException {
    return call("orders." + value + "." + plugin, labels).intValue();
  }

  private static String error(String plugin, String labels) throws InterruptedException {
    return call("orders.error." + plugin, labels).get("message").stringValue();
  }

  private static JsonNode call(String hook, String labels) throws InterruptedException {
    return call(host, hook, labels);
  }

  private static JsonNode call(Host host, String hook, String labels) throws InterruptedException {
    try {
      return host.applyFilters(hook, StrictJson.parse(labels.getBytes(StandardCharsets.UTF_8)))
          .value();
    } catch (InvalidJsonException e) {
      throw new AssertionError(e);
    }
  }

  private static List<String> guestLines() {
    return METERS
        .scrape()
        .lines()
        .filter(line -> line.startsWith("gonext_guest_") && !line.startsWith("#"))
        .toList();
  }
}
