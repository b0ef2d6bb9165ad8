package io.gonext.host.internal.lifecycle;

import io.gonext.host.NodeFault;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What this host knows of the store, as metrics: the plugins with their states, and for how long
 * this host has not been what the store says.
 *
 * <p>{@link StoreWatch}'s thread writes; a scrape reads and does not ask the store.
 */
final class NodeMetrics implements AutoCloseable {
  private static final double NANOS_PER_SECOND = 1e9;

  private final MeterRegistry registry;
  private final LongSupplier nanoTime;
  private final InstantSource clock;
  private final Supplier<List<NodeFault>> faults;
  private final MultiGauge states;
  private final MultiGauge versions;
  private final MultiGauge faulty;
  private final Gauge lag;

  /** When each change was seen that this host does not serve yet, by plugin. */
  private final Map<String, Long> behind = new ConcurrentHashMap<>();

  private volatile long lastLook;

  /** Of the writing thread. */
  private List<StoredPlugin> plugins = List.of();

  /** Of the writing thread: the plugins of which a fault is shown. */
  private Set<String> shownFaults = Set.of();

  NodeMetrics(
      MeterRegistry registry,
      Supplier<List<NodeFault>> faults,
      LongSupplier nanoTime,
      InstantSource clock) {
    this.registry = registry;
    this.faults = faults;
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.lastLook = nanoTime.getAsLong();
    this.states =
        MultiGauge.builder("gonext.plugin.state")
            .description("1 for the state that the store holds of a plugin, 0 for the others")
            .register(registry);
    this.versions =
        MultiGauge.builder("gonext.plugin.info")
            .description("1, with the version of an installed plugin that serves, or would")
            .register(registry);
    this.faulty =
        MultiGauge.builder("gonext.plugin.node.fault")
            .description("1 while this host cannot run a plugin as the store says, 0 otherwise")
            .register(registry);
    this.lag =
        Gauge.builder("gonext.node.lag", this, NodeMetrics::lagSeconds)
            .description("For how long this host has not been what the store says")
            .baseUnit("seconds")
            .register(registry);
  }

  /** The store was read without a failure. */
  void looked() {
    lastLook = nanoTime.getAsLong();
    Set<String> now = new HashSet<>();
    faults.get().forEach(fault -> now.add(fault.plugin()));
    if (!now.equals(shownFaults)) {
      showFaults(now);
    }
  }

  /** The plugins have changed in the store. */
  void changed(List<StoredPlugin> installed) {
    plugins = installed;
    List<Row<?>> stateRows = new ArrayList<>();
    List<Row<?>> versionRows = new ArrayList<>();
    for (StoredPlugin plugin : installed) {
      for (PluginState state : PluginState.values()) {
        stateRows.add(
            Row.of(
                Tags.of("plugin", plugin.name(), "state", state.name().toLowerCase(Locale.ROOT)),
                plugin.state() == state ? 1 : 0));
      }
      versionRows.add(
          Row.of(Tags.of("plugin", plugin.name(), "version", plugin.current().version()), 1));
    }
    states.register(stateRows, true);
    versions.register(versionRows, true);
    showFaults(shownFaults);
  }

  private void showFaults(Set<String> now) {
    shownFaults = now;
    List<Row<?>> rows = new ArrayList<>();
    for (StoredPlugin plugin : plugins) {
      rows.add(Row.of(Tags.of("plugin", plugin.name()), now.contains(plugin.name()) ? 1 : 0));
    }
    faulty.register(rows, true);
  }

  /** A change was seen that this host has to follow. */
  void mustFollow(String plugin) {
    behind.putIfAbsent(plugin, nanoTime.getAsLong());
  }

  /** This host is what the store says of a plugin, or has recorded a fault. */
  void followed(String plugin) {
    behind.remove(plugin);
  }

  /** For how long this host has not been what the store says. */
  Duration lag() {
    return Duration.ofMillis(Math.round(1_000 * lagSeconds()));
  }

  private double lagSeconds() {
    long now = nanoTime.getAsLong();
    long lagNanos = now - lastLook;
    for (long since : behind.values()) {
      lagNanos = Math.max(lagNanos, now - since);
    }
    for (NodeFault fault : faults.get()) {
      lagNanos = Math.max(lagNanos, Duration.between(fault.since(), clock.instant()).toNanos());
    }
    return Math.max(0, lagNanos) / NANOS_PER_SECOND;
  }

  /** Removes the meters: another host may use the registry from now on. */
  @Override
  public void close() {
    for (MultiGauge gauge : List.of(states, versions, faulty)) {
      gauge.register(List.of(), true);
    }
    registry.remove(lag);
  }
}
