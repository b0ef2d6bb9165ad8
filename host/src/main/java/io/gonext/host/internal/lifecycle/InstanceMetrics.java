package io.gonext.host.internal.lifecycle;

import io.gonext.pool.InstancePool;
import io.gonext.pool.PoolMetrics;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.ToDoubleFunction;

/**
 * The metrics of one plugin's instances, over all its versions. Those that run jobs are counted
 * apart, from the first version on that has jobs. Thread-safe.
 */
final class InstanceMetrics implements AutoCloseable {
  private static final String TRAP = "trap";
  private static final String INSTANCES = "gonext.plugin.instances";

  private final MeterRegistry registry;
  private final PoolMetrics calls;
  private final PoolMetrics jobs;
  private final AtomicInteger waits = new AtomicInteger();
  private final Gauge waiting;
  private final Gauge computing;

  /** Guarded by this. */
  private boolean hasJobs;

  InstanceMetrics(String plugin, MeterRegistry registry) {
    this.registry = registry;
    this.calls = new PoolMetrics(plugin, TRAP);
    this.jobs = PoolMetrics.ofJobs(plugin, TRAP);
    calls.bindTo(registry);
    this.waiting = instances(plugin, "waiting", metrics -> metrics.waits.doubleValue());
    this.computing =
        instances(
            plugin,
            "computing",
            metrics ->
                Math.max(
                    0,
                    metrics.calls.instancesInUse()
                        + metrics.jobs.instancesInUse()
                        - metrics.waits.doubleValue()));
  }

  private Gauge instances(String plugin, String state, ToDoubleFunction<InstanceMetrics> number) {
    return Gauge.builder(INSTANCES, this, number)
        .description(
            "Instances in use, by whether their guest computes or waits in a host function")
        .tag("plugin", plugin)
        .tag("state", state)
        .register(registry);
  }

  /** Counts the instances in use that wait in a host function. */
  AtomicInteger waits() {
    return waits;
  }

  void addCalls(InstancePool<?> pool) {
    calls.add(pool);
  }

  synchronized void addJobs(InstancePool<?> pool) {
    jobs.add(pool);
    if (!hasJobs) {
      hasJobs = true;
      jobs.bindTo(registry);
    }
  }

  /** Removes the meters. */
  @Override
  public void close() {
    calls.close();
    jobs.close();
    registry.remove(waiting);
    registry.remove(computing);
  }
}
