package io.gonext.host.internal.lifecycle;

import io.gonext.host.ActivationException;
import io.gonext.host.ConflictException;
import io.gonext.host.RouteRate;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.route.RouteLimiter;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugins that are in service on this host, what they need of one another, and the versions
 * that left and still finish calls.
 *
 * <p>Reads are thread-safe. What changes them is done in {@link #atomically}.
 */
final class Serving {
  private static final Logger log = LoggerFactory.getLogger(Serving.class);

  private final HookBus hooks;
  private final MeterRegistry meters;

  /** Its rates change in {@link #atomically}. */
  private volatile CallGuards guards;

  private final HostServices services;
  private final CallRecorders recorders;
  private final Duration drain;

  /**
   * Held while a change looks at other plugins, commits and shows: never while anything is
   * compiled, started or drained. Taken after a lock of {@link ChangeLocks}, if at all.
   */
  private final ReentrantLock commit = new ReentrantLock();

  /** By name. Written under {@link #commit}, read by every request. */
  private final Map<String, PluginSlot> slots = new ConcurrentHashMap<>();

  /** By plugin, from its first activation until it is uninstalled, so that no counter goes back. */
  private final Map<String, InstanceMetrics> instanceMetrics = new ConcurrentHashMap<>();

  /** By plugin, until it is uninstalled: an update does not give its clients new requests. */
  private final Map<String, RouteLimiter> routeLimiters = new ConcurrentHashMap<>();

  /** By plugin, until it is uninstalled: the states of the breakers of what serves. */
  private final Map<String, MultiGauge> breakerStates = new ConcurrentHashMap<>();

  /** Versions that left service and still finish calls. */
  private final Map<ActivePlugin, CompletableFuture<Void>> retiring = new ConcurrentHashMap<>();

  /**
   * @param drain how long calls that are running may take to finish when a version leaves service
   */
  Serving(Lifecycle.Parts parts, Duration drain) {
    this.hooks = parts.hooks();
    this.meters = parts.meters();
    this.guards = parts.guards();
    this.services = parts.services();
    this.recorders = parts.recorders();
    this.drain = drain;
  }

  @Nullable PluginSlot slot(String name) {
    return slots.get(name);
  }

  List<PluginSlot> all() {
    return List.copyOf(slots.values());
  }

  /**
   * Runs a change that reads the plugins in service, commits, and publishes the result, without any
   * other such change at the same time.
   */
  <R extends @Nullable Object> R atomically(Supplier<R> change) {
    commit.lock();
    try {
      return change.get();
    } finally {
      commit.unlock();
    }
  }

  /** Sets other rates for the routes of all plugins, also of those that come. */
  void changeRates(RouteRate routeRate, RouteRate clientRate) {
    atomically(() -> {
      guards = guards.withRates(routeRate, clientRate);
      routeLimiters.values().forEach(limiter -> limiter.change(routeRate, clientRate));
      return null;
    });
  }

  /** Puts a plugin in service that is not; in {@link #atomically}. */
  void open(ActivePlugin plugin) {
    String name = plugin.manifest().name();
    RouteLimiter limiter =
        routeLimiters.computeIfAbsent(
            name,
            n ->
                new RouteLimiter(
                    n, guards.routeRate(), guards.clientRate(), guards.nanoTime(), meters));
    PluginSlot slot = new PluginSlot(plugin, hooks, limiter);
    services.serves(plugin.manifest());
    slot.open();
    slots.put(name, slot);
    showBreakers(name, plugin.breakers().states());
    log.info("activated {}", plugin.manifest().id());
  }

  /** Puts a version in the place of the one that serves; in {@link #atomically}. */
  ActivePlugin swap(PluginSlot slot, ActivePlugin next) {
    services.serves(next.manifest());
    ActivePlugin old = slot.swap(next);
    showBreakers(slot.name(), next.breakers().states());
    return old;
  }

  /** Takes a plugin out of service, if it is in; in {@link #atomically}. */
  @Nullable ActivePlugin close(String name) {
    PluginSlot slot = slots.remove(name);
    if (slot == null) {
      return null;
    }
    showBreakers(name, List.of());
    ActivePlugin last = slot.close();
    services.left(name);
    return last;
  }

  private void showBreakers(String name, List<Row<?>> states) {
    breakerStates
        .computeIfAbsent(
            name,
            n ->
                MultiGauge.builder("gonext.plugin.breaker.state")
                    .description("Circuit breakers: 0 closed, 1 half open, 2 open")
                    .tag("plugin", n)
                    .register(meters))
        .register(states, true);
  }

  /** Takes a plugin out of service, if it serves, and lets its calls end in the background. */
  void takeOut(String name) {
    ActivePlugin last = atomically(() -> close(name));
    if (last != null) {
      log.info("deactivated {}", last.manifest().id());
      retire(last);
    }
  }

  /** Lets the calls of a version end that no longer serves. Does not block. */
  void retire(ActivePlugin old) {
    CompletableFuture<Void> done = old.retire(drain);
    retiring.put(old, done);
    var _ = done.whenComplete((nothing, failure) -> retiring.remove(old));
  }

  /** As {@link #retire}, and waits for it. */
  void stop(ActivePlugin last) {
    last.stop(drain);
  }

  InstanceMetrics metricsOf(String name) {
    return instanceMetrics.computeIfAbsent(name, n -> new InstanceMetrics(n, meters));
  }

  /** Removes the metrics of a plugin that is no longer installed. */
  void forget(String name) {
    InstanceMetrics metrics = instanceMetrics.remove(name);
    if (metrics != null) {
      metrics.close();
    }
    routeLimiters.remove(name);
    breakerStates.remove(name);
    hooks.forget(name);
    recorders.forget(name);
    // Without this, meters would accumulate with every plugin name that was ever installed.
    for (Meter meter : meters.getMeters()) {
      if (name.equals(meter.getId().getTag("plugin"))) {
        meters.remove(meter);
      }
    }
  }

  /** How many turns of the plugin's hooks have failed; for differences. */
  long failedTurns(String name) {
    return hooks.failedTurns(name);
  }

  /** Takes all out of service, and waits for their calls and for versions that left before. */
  void stopAll(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    atomically(() -> {
      for (String name : List.copyOf(slots.keySet())) {
        ActivePlugin last = close(name);
        if (last != null) {
          retiring.put(last, last.retire(patience));
        }
      }
      return true;
    });
    try {
      CompletableFuture.allOf(retiring.values().toArray(CompletableFuture[]::new))
          .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      log.warn("calls were still running after {}", patience);
    }
    instanceMetrics.values().forEach(InstanceMetrics::close);
    instanceMetrics.clear();
    hooks.close();
  }

  /** Why what a plugin depends on does not serve, or empty when it does. */
  Optional<String> unmet(Manifest manifest) {
    return Dependencies.unmet(manifest, this::manifestOf);
  }

  /**
   * @throws ActivationException when what a plugin depends on does not serve
   */
  void requireDependencies(Manifest manifest) {
    unmet(manifest)
        .ifPresent(why -> {
          throw new ActivationException(why, null);
        });
  }

  /** The plugins in service that need this one directly. */
  List<Manifest> dependentsOf(String name) {
    return Dependencies.dependents(name, all().stream().map(PluginSlot::manifest).toList());
  }

  /**
   * @throws ConflictException when a plugin in service needs this one
   */
  void refuseWhileNeeded(String name) {
    List<Manifest> dependents = dependentsOf(name);
    if (!dependents.isEmpty()) {
      throw new ConflictException(
          name
              + " is needed by "
              + dependents.stream().map(Manifest::id).sorted().collect(Collectors.joining(", "))
              + ": deactivate what needs it first, or cascade");
    }
  }

  /**
   * @throws ConflictException when a plugin in service needs another version than this one
   */
  void refuseForDependents(Manifest manifest) {
    for (Manifest dependent : dependentsOf(manifest.name())) {
      Dependencies.unmet(
              dependent,
              name -> name.equals(manifest.name()) ? Optional.of(manifest) : manifestOf(name))
          .ifPresent(why -> {
            throw new ConflictException(
                manifest.id() + " cannot take over: " + why.replace("active is", "this is"));
          });
    }
  }

  private Optional<Manifest> manifestOf(String name) {
    return Optional.ofNullable(slots.get(name)).map(PluginSlot::manifest);
  }
}
