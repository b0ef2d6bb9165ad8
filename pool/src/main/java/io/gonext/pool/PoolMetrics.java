package io.gonext.pool;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * The metrics of one plugin's pools, under the tag {@code plugin}. Safe for use by several threads.
 *
 * <p>A plugin has one pool, and two while a new version replaces the old one. The metrics are sums
 * over the pools {@linkplain #add added} and include the counts of closed pools, so a counter never
 * decreases. A scrape reads counters and gauges from {@link InstancePool#stats}; a checkout does
 * not update them. Timers record creations, and only those checkouts that waited; the number of
 * other checkouts is {@code checkout_total} minus the timer's count.
 */
public final class PoolMetrics implements MeterBinder, AutoCloseable {

  private static final String CALLS = "gonext.plugin.pool.";
  private static final String JOBS = "gonext.plugin.job.pool.";

  private static final Duration[] WAIT_BUCKETS = {
    Duration.ofNanos(10_000),
    Duration.ofNanos(25_000),
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(5)
  };

  private final String prefix;
  private final Tags tags;
  private final String unusable;
  private final List<InstancePool<?>> pools = new CopyOnWriteArrayList<>();
  private final List<Bound> bound = new CopyOnWriteArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();

  /** The counts of removed pools. Guarded by {@link #lock}. */
  private Totals before = Totals.ZERO;

  /**
   * @param plugin the value of the tag {@code plugin}
   * @param unusable the value of the tag {@code reason} for {@link RecycleReason#UNUSABLE}: the
   *     users' term for an instance that they declared unusable
   */
  public PoolMetrics(String plugin, String unusable) {
    this(CALLS, plugin, unusable);
  }

  private PoolMetrics(String prefix, String plugin, String unusable) {
    this.prefix = prefix;
    this.tags = Tags.of(Tag.of("plugin", plugin));
    this.unusable = unusable;
  }

  /** Those of the pools in which a plugin's jobs run, under names of their own. */
  public static PoolMetrics ofJobs(String plugin, String unusable) {
    return new PoolMetrics(JOBS, plugin, unusable);
  }

  /** Includes {@code pool} until it terminates, and its totals after that. */
  public void add(InstancePool<?> pool) {
    pools.add(pool);
    pool.observe(
        new PoolObserver() {
          @Override
          public void waited(long nanos) {
            bound.forEach(b -> b.waits().record(nanos, TimeUnit.NANOSECONDS));
          }

          @Override
          public void creationTook(long nanos) {
            bound.forEach(b -> b.creations().record(nanos, TimeUnit.NANOSECONDS));
          }
        });
    pool.whenTerminated(() -> settle(pool));
  }

  private void settle(InstancePool<?> pool) {
    lock.lock();
    try {
      if (pools.remove(pool)) {
        before = before.plus(Totals.of(pool.stats()));
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Bindings to = new Bindings(registry);
    Timer wait =
        Timer.builder(prefix + "checkout.wait")
            .description("Wait of the checkouts that had to wait")
            .serviceLevelObjectives(WAIT_BUCKETS)
            .tags(tags)
            .register(registry);
    Timer creation =
        Timer.builder(prefix + "creation")
            .description("Time the allocator took to create an instance, or to fail")
            .tags(tags)
            .register(registry);
    to.meters.add(wait);
    to.meters.add(creation);
    to.counter("checkout", "Leases given out", t -> t.checkouts);
    to.counter("checkout.errors", "Checkouts that got no lease", t -> t.checkoutErrors);
    to.counter("creations", "Instances created", t -> t.created);
    to.counter(
        "double.returns", "Returns of leases that were returned before", t -> t.doubleReturns);
    for (RecycleReason reason : RecycleReason.values()) {
      to.counter(
          "recycle",
          "Instances that left the pool",
          t -> t.recycled.getOrDefault(reason, 0L),
          Tag.of("reason", reason == RecycleReason.UNUSABLE ? unusable : reason.tag()));
    }
    to.gauge("pool.size", "Instances alive", PoolStats::live);
    to.gauge("limit", "Instances that the pool may have", PoolStats::maxInstances);
    to.gauge("in.use", "Instances in use", PoolStats::inUse);
    to.gauge("waiting", "Callers waiting for a lease", PoolStats::waiting);
    to.gauge("bytes", "Weight of the instances alive, in bytes", PoolStats::bytes);
    bound.add(new Bound(registry, wait, creation, List.copyOf(to.meters)));
  }

  /** Instances of all pools that are in use now. */
  public double instancesInUse() {
    return now(PoolStats::inUse);
  }

  /** Removes the meters from every registry they were bound to. */
  @Override
  public void close() {
    for (Bound b : bound) {
      b.meters().forEach(b.registry()::remove);
    }
    bound.clear();
  }

  private Totals totals() {
    lock.lock();
    try {
      Totals sum = before;
      for (InstancePool<?> pool : pools) {
        sum = sum.plus(Totals.of(pool.stats()));
      }
      return sum;
    } finally {
      lock.unlock();
    }
  }

  private double now(ToDoubleFunction<PoolStats> value) {
    return pools.stream().map(InstancePool::stats).mapToDouble(value).sum();
  }

  private record Bound(MeterRegistry registry, Timer waits, Timer creations, List<Meter> meters) {}

  private final class Bindings {

    private final MeterRegistry registry;
    private final List<Meter> meters = new ArrayList<>();

    private Bindings(MeterRegistry registry) {
      this.registry = registry;
    }

    private void counter(
        String name, String description, ToLongFunction<Totals> value, Tag... extra) {
      meters.add(
          FunctionCounter.builder(
                  prefix + name, PoolMetrics.this, m -> value.applyAsLong(m.totals()))
              .description(description)
              .tags(tags.and(extra))
              .register(registry));
    }

    private void gauge(String name, String description, ToDoubleFunction<PoolStats> value) {
      meters.add(
          Gauge.builder(prefix + name, PoolMetrics.this, m -> m.now(value))
              .description(description)
              .tags(tags)
              .register(registry));
    }
  }

  /** The counters of a pool, which can be added. */
  private record Totals(
      long checkouts,
      long checkoutErrors,
      long created,
      long doubleReturns,
      Map<RecycleReason, Long> recycled) {

    private static final Totals ZERO = new Totals(0, 0, 0, 0, Map.of());

    private static Totals of(PoolStats stats) {
      return new Totals(
          stats.checkouts(),
          stats.checkoutErrors(),
          stats.created(),
          stats.doubleReturns(),
          stats.recycled());
    }

    private Totals plus(Totals other) {
      Map<RecycleReason, Long> sum = new EnumMap<>(RecycleReason.class);
      recycled.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
      other.recycled.forEach((reason, count) -> sum.merge(reason, count, Long::sum));
      return new Totals(
          checkouts + other.checkouts,
          checkoutErrors + other.checkoutErrors,
          created + other.created,
          doubleReturns + other.doubleReturns,
          sum);
    }
  }
}
