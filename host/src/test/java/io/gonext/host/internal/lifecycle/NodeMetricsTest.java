package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.NodeFault;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a host shows of the store, and for how long it has not been what the store says. */
class NodeMetricsTest {
  private static final Instant BEGIN = Instant.parse("2026-11-30T12:00:00Z");

  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final List<NodeFault> faults = new ArrayList<>();
  private long nanos = Duration.ofDays(1).toNanos();
  private final long began = nanos;
  private final NodeMetrics metrics =
      new NodeMetrics(meters, () -> faults, () -> nanos, () -> BEGIN.plusNanos(nanos - began));

  @Test
  void the_state_of_each_plugin_is_1_and_its_other_states_are_0() {
    metrics.changed(
        List.of(plugin("shop", PluginState.ACTIVE), plugin("blog", PluginState.ERRORED)));
    assertThat(state("shop", "active")).isEqualTo(1);
    assertThat(state("shop", "errored")).isZero();
    assertThat(state("blog", "errored")).isEqualTo(1);
    assertThat(
            meters
                .get("gonext.plugin.info")
                .tag("plugin", "shop")
                .gauge()
                .getId()
                .getTag("version"))
        .isEqualTo("1.0.0");
    metrics.changed(List.of(plugin("blog", PluginState.INACTIVE)));
    assertThat(state("blog", "errored")).isZero();
    assertThat(state("blog", "inactive")).isEqualTo(1);
    assertThat(meters.find("gonext.plugin.state").tag("plugin", "shop").gauges()).isEmpty();
  }

  @Test
  void a_host_that_cannot_read_the_store_lags_since_its_last_look() {
    metrics.looked();
    pass(1);
    assertThat(lag()).isEqualTo(1);
    pass(40);
    assertThat(lag()).isEqualTo(41);
    metrics.looked();
    assertThat(lag()).isZero();
  }

  @Test
  void a_change_that_is_not_served_yet_is_a_lag_until_it_is_followed() {
    metrics.mustFollow("shop");
    pass(20);
    metrics.mustFollow("shop");
    metrics.looked();
    assertThat(lag()).isEqualTo(20);
    metrics.followed("shop");
    assertThat(lag()).isZero();
  }

  @Test
  void a_fault_is_a_lag_since_it_began_and_shows_its_plugin() {
    metrics.changed(
        List.of(plugin("shop", PluginState.ACTIVE), plugin("blog", PluginState.ACTIVE)));
    faults.add(new NodeFault("shop", "it does not start", BEGIN, 3));
    pass(60);
    metrics.looked();
    assertThat(lag()).isEqualTo(60);
    assertThat(fault("shop")).isEqualTo(1);
    assertThat(fault("blog")).isZero();
    faults.clear();
    metrics.looked();
    assertThat(lag()).isZero();
    assertThat(fault("shop")).isZero();
  }

  @Test
  void closing_removes_the_meters() {
    metrics.changed(List.of(plugin("shop", PluginState.ACTIVE)));
    metrics.close();
    assertThat(meters.getMeters()).isEmpty();
  }

  private void pass(int seconds) {
    nanos += Duration.ofSeconds(seconds).toNanos();
  }

  private double lag() {
    return meters.get("gonext.node.lag").gauge().value();
  }

  private double state(String plugin, String state) {
    return gauge("gonext.plugin.state", plugin, "state", state);
  }

  private double fault(String plugin) {
    return gauge("gonext.plugin.node.fault", plugin);
  }

  private double gauge(String name, String plugin, String... tags) {
    Gauge gauge = meters.get(name).tag("plugin", plugin).tags(tags).gauge();
    return gauge.value();
  }

  private static StoredPlugin plugin(String name, PluginState state) {
    return new StoredPlugin(
        name,
        state,
        new StoredVersion("1.0.0", "00", BEGIN),
        null,
        null,
        null,
        state == PluginState.ERRORED ? "it traps" : null,
        1);
  }
}
