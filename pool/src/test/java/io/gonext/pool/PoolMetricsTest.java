package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class PoolMetricsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @RegisterExtension final Pools pools = new Pools();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  @Test
  void the_metrics_have_exactly_these_names() throws Exception {
    PoolMetrics metrics = new PoolMetrics("hello", "trap");
    metrics.bindTo(registry);
    InstancePool<Thing> pool =
        pools.unstarted(new ThingAllocator().weight(10), c -> c.bounds(1, 1));
    metrics.add(pool);
    pool.start();
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThatThrownBy(() -> pool.checkout(Duration.ofMillis(1)))
          .isInstanceOf(CheckoutTimeoutException.class);
      lease.markUnusable(new IllegalStateException("trap"));
    }
    eventually().until(() -> pool.stats().created() == 2);

    List<String> lines = registry.scrape().lines().toList();
    TreeSet<String> names = new TreeSet<>();
    for (String line : lines) {
      if (!line.startsWith("#")) {
        names.add(line.substring(0, line.indexOf('{')));
      }
    }
    assertThat(names)
        .containsExactlyInAnyOrder(
            "gonext_plugin_pool_bytes",
            "gonext_plugin_pool_checkout_errors_total",
            "gonext_plugin_pool_checkout_total",
            "gonext_plugin_pool_checkout_wait_seconds_bucket",
            "gonext_plugin_pool_checkout_wait_seconds_count",
            "gonext_plugin_pool_checkout_wait_seconds_max",
            "gonext_plugin_pool_checkout_wait_seconds_sum",
            "gonext_plugin_pool_creation_seconds_count",
            "gonext_plugin_pool_creation_seconds_max",
            "gonext_plugin_pool_creation_seconds_sum",
            "gonext_plugin_pool_creations_total",
            "gonext_plugin_pool_double_returns_total",
            "gonext_plugin_pool_in_use",
            "gonext_plugin_pool_limit",
            "gonext_plugin_pool_pool_size",
            "gonext_plugin_pool_recycle_total",
            "gonext_plugin_pool_waiting");
    assertThat(lines)
        .contains(
            "gonext_plugin_pool_checkout_total{plugin=\"hello\"} 1.0",
            "gonext_plugin_pool_checkout_errors_total{plugin=\"hello\"} 1.0",
            "gonext_plugin_pool_checkout_wait_seconds_count{plugin=\"hello\"} 1",
            "gonext_plugin_pool_checkout_wait_seconds_bucket{plugin=\"hello\",le=\"1.0E-5\"} 0",
            "gonext_plugin_pool_checkout_wait_seconds_bucket{plugin=\"hello\",le=\"5.0\"} 1",
            "gonext_plugin_pool_recycle_total{plugin=\"hello\",reason=\"trap\"} 1.0",
            "gonext_plugin_pool_recycle_total{plugin=\"hello\",reason=\"max_uses\"} 0.0",
            "gonext_plugin_pool_creations_total{plugin=\"hello\"} 2.0",
            "gonext_plugin_pool_pool_size{plugin=\"hello\"} 1.0",
            "gonext_plugin_pool_in_use{plugin=\"hello\"} 0.0",
            "gonext_plugin_pool_bytes{plugin=\"hello\"} 10.0");
    assertThat(lines.stream().filter(line -> line.contains("recycle_total{"))).hasSize(8);
  }

  @Test
  void counters_continue_from_the_old_pool_to_the_new_one() throws Exception {
    PoolMetrics metrics = new PoolMetrics("hello", "trap");
    metrics.bindTo(registry);
    InstancePool<Thing> old = pools.started(new ThingAllocator(), c -> c);
    metrics.add(old);
    old.checkout(LONG).close();
    InstancePool<Thing> next = pools.started(new ThingAllocator(), c -> c);
    metrics.add(next);
    next.checkout(LONG).close();
    assertThat(old.drain()).succeedsWithin(LONG);

    assertThat(registry.scrape())
        .contains("gonext_plugin_pool_checkout_total{plugin=\"hello\"} 2.0")
        .contains("gonext_plugin_pool_recycle_total{plugin=\"hello\",reason=\"close\"} 1.0")
        .contains("gonext_plugin_pool_pool_size{plugin=\"hello\"} 1.0");
    metrics.close();
    assertThat(registry.getMeters()).isEmpty();
  }
}
