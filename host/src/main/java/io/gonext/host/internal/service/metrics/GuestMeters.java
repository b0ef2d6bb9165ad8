package io.gonext.host.internal.service.metrics;

import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Metric;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleConsumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The meters of all plugins' metrics in one registry. All series of a name have one {@link Shape},
 * because Prometheus' client fails each scrape if a name has two kinds. The first plugin that uses
 * a name decides its shape, and the others of that shape share the name.
 *
 * <p>Thread-safe. The lock is held for changes and for the first value of a series.
 */
final class GuestMeters {
  private static final String PREFIX = "gonext.guest.";

  /** What all names begin with where they are exposed. */
  private static final String NAMES = "gonext_guest";

  private final MeterRegistry registry;

  /** By name of the metric. Guarded by this. */
  private final Map<String, Family> families = new HashMap<>();

  /** By name of the plugin. Guarded by this. */
  private final Map<String, Owner> owners = new HashMap<>();

  /** Guarded by this. */
  private boolean closed;

  /** Rises whenever a series may have appeared, gone or become possible. */
  private volatile long changes;

  GuestMeters(MeterRegistry registry) {
    this.registry = registry;
    leaves(registry).forEach(leaf -> leaf.config().onMeterAdded(this::added));
  }

  /**
   * A meter is about to appear in a registry, whose lock this thread holds. One of the
   * application's may collide with ours. They are removed on another thread, because our own lock
   * comes before the registry's.
   */
  private void added(Meter meter) {
    boolean own = Thread.holdsLock(this);
    String name = exposed(meter.getId().getName());
    if (!own && isReserved(name)) {
      Thread.startVirtualThread(() -> giveWay(name));
    }
  }

  /** Removes the metrics that collide with a meter of the application. */
  private synchronized void giveWay(String name) {
    families
        .entrySet()
        .removeIf(entry -> {
          boolean collides = isNear(exposed(PREFIX + entry.getKey()), name);
          if (collides) {
            entry.getValue().series.values().forEach(this::remove);
          }
          return collides;
        });
    changes++;
  }

  /** A plugin from its first version that starts until it is uninstalled. Guarded by the meters. */
  static final class Owner {
    private final String plugin;
    private boolean active = true;
    private boolean forgotten;

    private Owner(String plugin) {
      this.plugin = plugin;
    }
  }

  /** A name, and the plugins that use it. Guarded by the meters. */
  private static final class Family {
    private final Shape shape;

    /** By plugin, then by values of the labels in the manifest's order. */
    private final Map<String, Map<List<String>, Series>> series = new TreeMap<>();

    Family(Shape shape) {
      this.shape = shape;
    }

    /** Another plugin that uses the name; null if there is none. */
    @Nullable String otherThan(String plugin) {
      return series.keySet().stream().filter(name -> !name.equals(plugin)).findFirst().orElse(null);
    }
  }

  private record Series(Meter meter, DoubleConsumer recorder) {}

  /** Where a value goes. */
  sealed interface Destination {
    /** Into a series, by this. */
    record Recorded(DoubleConsumer recorder) implements Destination {}

    /** Nowhere: another version of the plugin decides on its metrics, or the plugin has gone. */
    enum Dropped implements Destination {
      DROPPED
    }

    /** Nowhere, because someone else has taken the name; with the reason. */
    record Taken(String reason) implements Destination {}
  }

  /** See {@link #changes}. A {@link Destination} holds until this number changes. */
  long changes() {
    return changes;
  }

  /** The owner of the metrics of a version that starts. */
  synchronized Owner owner(String plugin) {
    Owner owner = owners.computeIfAbsent(plugin, Owner::new);
    owner.active = true;
    return owner;
  }

  /** Where the values of a series go. */
  synchronized Destination destination(Owner owner, Metric metric, List<String> values) {
    if (closed || owner.forgotten || (metric.kind() == Metric.Kind.GAUGE && !owner.active)) {
      return Destination.Dropped.DROPPED;
    }
    String taken = claim(owner.plugin, metric);
    if (taken != null) {
      return new Destination.Taken(taken);
    }
    Family family = families.get(metric.name());
    Map<List<String>, Series> own = family == null ? null : family.series.get(owner.plugin);
    if (family == null || own == null || !family.shape.equals(Shape.of(metric))) {
      return Destination.Dropped.DROPPED;
    }
    try {
      return new Destination.Recorded(
          own.computeIfAbsent(values, v -> register(owner.plugin, metric, v)).recorder);
    } catch (IllegalArgumentException e) {
      return new Destination.Taken("the registry of the application refuses " + metric.name());
    }
  }

  /** Why a plugin cannot use a name now, in a sentence; null if it can. Takes nothing. */
  synchronized @Nullable String taken(String plugin, Metric metric) {
    Family family = families.get(metric.name());
    if (family == null) {
      return foreign(metric.name());
    }
    String other = family.otherThan(plugin);
    return other == null || family.shape.equals(Shape.of(metric))
        ? null
        : "%s is %s, and of the plugin %s %s: rename one of them"
            .formatted(metric.name(), Shape.of(metric), other, family.shape);
  }

  /** Takes a name, or says why not. A name of the plugin's own stays as it is. */
  private @Nullable String claim(String plugin, Metric metric) {
    String taken = taken(plugin, metric);
    if (taken == null) {
      Family family = families.computeIfAbsent(metric.name(), n -> new Family(Shape.of(metric)));
      if (family.shape.equals(Shape.of(metric))) {
        family.series.computeIfAbsent(plugin, p -> new HashMap<>());
      }
    }
    return taken;
  }

  /** A version begins to serve: the plugin has the metrics of that version and no others. */
  synchronized void serves(Manifest manifest) {
    String plugin = manifest.name();
    owner(plugin);
    Map<String, Metric> declared =
        manifest.metrics().stream().collect(Collectors.toMap(Metric::name, Function.identity()));
    families.forEach((name, family) -> {
      Map<List<String>, Series> own = family.series.get(plugin);
      Metric metric = declared.get(name);
      if (own == null) {
        return;
      }
      boolean stays = metric != null && family.shape.equals(Shape.of(metric));
      own.entrySet()
          .removeIf(entry -> {
            boolean goes = !stays || metric == null || !has(metric, entry.getKey());
            if (goes) {
              registry.remove(entry.getValue().meter);
            }
            return goes;
          });
      if (!stays) {
        family.series.remove(plugin);
      }
    });
    removeUnused();
    manifest.metrics().forEach(metric -> claim(plugin, metric));
    changes++;
  }

  /** A plugin leaves service. Its gauges go, because nobody sets them any more. */
  synchronized void left(String plugin) {
    Owner owner = owners.get(plugin);
    if (owner == null) {
      return;
    }
    owner.active = false;
    for (Family family : families.values()) {
      Map<List<String>, Series> own = family.series.get(plugin);
      if (own != null && family.shape.kind() == Metric.Kind.GAUGE) {
        remove(own);
      }
    }
    changes++;
  }

  /** A plugin is uninstalled: its metrics go, and calls of it that still run record nothing. */
  synchronized void forget(String plugin) {
    Owner owner = owners.remove(plugin);
    if (owner == null) {
      return;
    }
    owner.forgotten = true;
    for (Family family : families.values()) {
      Map<List<String>, Series> own = family.series.remove(plugin);
      if (own != null) {
        remove(own);
      }
    }
    removeUnused();
    changes++;
  }

  /** Removes all meters, so that another host may use the registry. */
  synchronized void close() {
    closed = true;
    families.values().forEach(family -> family.series.values().forEach(this::remove));
    families.clear();
    changes++;
  }

  private void remove(Map<List<String>, Series> gone) {
    gone.values().forEach(series -> registry.remove(series.meter));
    gone.clear();
  }

  private void removeUnused() {
    families.values().removeIf(family -> family.series.isEmpty());
  }

  private static boolean has(Metric metric, List<String> values) {
    List<Metric.Label> labels = metric.labels();
    for (int i = 0; i < labels.size(); i++) {
      if (!labels.get(i).values().contains(values.get(i))) {
        return false;
      }
    }
    return true;
  }

  private Series register(String plugin, Metric metric, List<String> values) {
    String name = PREFIX + metric.name();
    String description =
        "Recorded by plugins" + (metric.unit().isEmpty() ? "" : ", in " + metric.unit());
    Tags tags = Tags.of("plugin", plugin);
    for (int i = 0; i < values.size(); i++) {
      tags = tags.and(metric.labels().get(i).name(), values.get(i));
    }
    return switch (metric.kind()) {
      case COUNTER -> {
        Counter counter =
            Counter.builder(name).description(description).tags(tags).register(registry);
        yield new Series(counter, counter::increment);
      }
      case SUMMARY -> {
        DistributionSummary summary =
            DistributionSummary.builder(name)
                .description(description)
                .tags(tags)
                .register(registry);
        yield new Series(summary, summary::record);
      }
      case GAUGE -> {
        AtomicLong bits = new AtomicLong();
        Gauge gauge =
            Gauge.builder(name, bits, b -> Double.longBitsToDouble(b.get()))
                .description(description)
                .tags(tags)
                .strongReference(true)
                .register(registry);
        yield new Series(gauge, value -> bits.set(Double.doubleToRawLongBits(value)));
      }
    };
  }

  /** Why a meter that is not ours keeps a name from being used; null if none does. */
  private @Nullable String foreign(String name) {
    String own = exposed(PREFIX + name);
    return Stream.concat(Stream.of(registry), leaves(registry))
        .distinct()
        .flatMap(each -> each.getMeters().stream())
        .filter(meter -> !isOwn(meter.getId()))
        .map(meter -> meter.getId().getName())
        .filter(other -> isNear(own, exposed(other)))
        .findFirst()
        .map(other ->
            "the application has a meter %s, so that %s is not recorded".formatted(other, name))
        .orElse(null);
  }

  /** Whether another name is one of ours, or one of them is the other with a unit or an ending. */
  private static boolean isNear(String own, String other) {
    return own.equals(other)
        || other.startsWith(own + "_")
        || (isReserved(other) && own.startsWith(other + "_"));
  }

  private static boolean isReserved(String name) {
    return name.equals(NAMES) || name.startsWith(NAMES + "_");
  }

  private static String exposed(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "_");
  }

  /** The registries that keep meters, and not the ones that hand them on. */
  private static Stream<MeterRegistry> leaves(MeterRegistry registry) {
    return registry instanceof CompositeMeterRegistry composite
        ? composite.getRegistries().stream().flatMap(GuestMeters::leaves)
        : Stream.of(registry);
  }

  private boolean isOwn(Meter.Id id) {
    Family family =
        id.getName().startsWith(PREFIX)
            ? families.get(id.getName().substring(PREFIX.length()))
            : null;
    return family != null && family.series.containsKey(String.valueOf(id.getTag("plugin")));
  }
}
