package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.host.ActivationException;
import io.gonext.host.ConflictException;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookCodec;
import io.gonext.host.internal.abi.HookCodec.BatchPart;
import io.gonext.host.internal.abi.HookCodec.FilterAnswer;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.hook.Turn;
import io.gonext.host.internal.route.RouteCodec;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.internal.route.RouteTable;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.manifest.Manifest.Route;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolException;
import io.gonext.pool.PoolSnapshot;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * One version of a plugin in service: its compiled module and its pool of instances. Every call of
 * it checks an instance out, runs one hook and gives the instance back; an instance that trapped is
 * not used again.
 *
 * <p>Thread-safe.
 */
final class ActivePlugin {
  private static final Logger log = LoggerFactory.getLogger(ActivePlugin.class);

  private final Manifest manifest;
  private final String sha256;
  private final CompiledModule module;
  private final InstancePool<GuestInstance> pool;

  /** Null for a plugin without jobs. */
  private final @Nullable JobPool jobs;

  private final EffectiveLimits limits;
  private final Breakers breakers;
  private final PooledCalls calls;
  private final PluginAudit audit;
  private final FuelUse fuel;
  private final RouteTable routes;
  private final RouteHeaders routeHeaders;

  /** The guards of its hooks by name, and of its routes. */
  private final Map<String, Filter> filters;

  private final Map<String, Breakers.Guard> actions;
  private final Map<Route, Breakers.Guard> routeGuards;

  /**
   * A filter that a version has.
   *
   * @param batch whether it takes many values at once
   */
  record Filter(Breakers.Guard guard, boolean batch) {}

  /**
   * What stands between a version and its callers.
   *
   * @param audit records traps
   * @param late records calls that succeed, but late
   * @param fuel counts what all calls use
   * @param breakers creates the breakers of a version
   * @param recorder records calls while an operator asks for it
   */
  record Guards(
      PluginAudit audit,
      LateCalls late,
      FuelUse fuel,
      RouteHeaders routeHeaders,
      Function<ActivePlugin, Breakers> breakers,
      CallRecorder recorder) {}

  ActivePlugin(
      Manifest manifest,
      String sha256,
      CompiledModule module,
      InstancePool<GuestInstance> pool,
      @Nullable JobPool jobs,
      EffectiveLimits limits,
      Guards guards) {
    this.manifest = manifest;
    this.sha256 = sha256;
    this.module = module;
    this.pool = pool;
    this.jobs = jobs;
    this.limits = limits;
    this.audit = guards.audit;
    this.fuel = guards.fuel;
    this.routes = new RouteTable(manifest.routes());
    this.routeHeaders = guards.routeHeaders;
    this.breakers = guards.breakers.apply(this);
    this.filters =
        manifest.filters().stream()
            .collect(
                Collectors.toMap(
                    Hook::name,
                    hook -> new Filter(breakers.of(hook.name()), hook.batch()),
                    (a, b) -> a));
    this.actions =
        manifest.actions().stream()
            .collect(Collectors.toMap(Hook::name, hook -> breakers.of(hook.name()), (a, b) -> a));
    this.routeGuards =
        manifest.routes().stream()
            .collect(
                Collectors.toMap(
                    route -> route, route -> breakers.of(route.toString()), (a, b) -> a));
    this.calls =
        new PooledCalls(
            manifest.version().toString(),
            pool,
            audit,
            guards.late,
            guards.fuel,
            limits,
            manifest.warmUp(),
            guards.recorder);
  }

  Manifest manifest() {
    return manifest;
  }

  /** Of the bundle it was made from, lower-case hex. */
  String sha256() {
    return sha256;
  }

  CompiledModule module() {
    return module;
  }

  boolean hasFilter(String hook) {
    return filters.containsKey(hook);
  }

  boolean hasAction(String hook) {
    return actions.containsKey(hook);
  }

  /** Whether it is called with a hook of that name, {@code http.serve.<plugin>} included. */
  boolean handles(String hook) {
    return hasFilter(hook)
        || hasAction(hook)
        || (!manifest.routes().isEmpty() && hook.equals(Manifest.routeHook(manifest.name())));
  }

  /** The filter of that name; null when it has none. */
  @Nullable Filter filterOf(String hook) {
    return filters.get(hook);
  }

  /** The guard of the action of that name; null when it has none. */
  Breakers.@Nullable Guard actionOf(String hook) {
    return actions.get(hook);
  }

  /** The most time that a request of a route takes. */
  Duration routeLimit() {
    return limits.call().plus(limits.waits());
  }

  /** The route for a request. */
  RouteTable.Match match(PluginRequest request) {
    return routes.match(request.method(), request.path());
  }

  Breakers breakers() {
    return breakers;
  }

  /** The pool's numbers now. */
  PoolStats poolStats() {
    return pool.stats();
  }

  /** The pool's numbers and instances now. */
  PoolSnapshot poolSnapshot() {
    return pool.snapshot();
  }

  /** See {@link PooledCalls#watchMemory}. */
  void watchMemory(LongConsumer touchedBytes) {
    calls.watchMemory(touchedBytes);
  }

  /** See {@link PooledCalls#watchInstances}. */
  void watchInstances(@Nullable Consumer<GuestInstance> listener) {
    calls.watchInstances(listener);
  }

  /** See {@link FuelUse#watch}. */
  void watchFuel(LongConsumer units) {
    fuel.watch(units);
  }

  /** Why its calls are refused, or empty while they are not. */
  Optional<String> trouble() {
    return breakers.trouble();
  }

  /**
   * Warms the pool and asks the plugin whether it agrees to serve.
   *
   * @throws ActivationException when an instance cannot be made or the plugin refuses; nothing of
   *     it is left then
   */
  void start() throws InterruptedException {
    boolean started = false;
    try {
      pool.start();
      if (jobs != null) {
        jobs.start();
      }
      int answer = lifecycleCall("on_activate");
      if (answer != 0) {
        throw new ActivationException(
            manifest.id() + " refused to start: its on_activate returned " + answer, null);
      }
      started = true;
    } catch (PoolException | GuestTrap e) {
      throw new ActivationException(manifest.id() + " could not start: " + e.getMessage(), e);
    } finally {
      if (!started) {
        stop(Duration.ZERO);
      }
    }
  }

  /**
   * Creates as many instances as the version that serves has, so that callers do not wait for them
   * after a swap. Creates fewer when the time does not suffice.
   */
  void prepare(int instances) throws InterruptedException {
    PoolStats stats = pool.stats();
    int wanted = Math.min(instances, stats.maxInstances());
    if (stats.live() >= wanted) {
      return;
    }
    List<Lease<GuestInstance>> held = new ArrayList<>();
    try {
      while (held.size() < wanted) {
        held.add(pool.checkout(limits.call()));
      }
    } catch (PoolException e) {
      log.info("{} takes over with {} instances: {}", manifest.id(), held.size(), e.getMessage());
    } finally {
      held.forEach(Lease::close);
    }
  }

  /**
   * Asks the plugin whether it agrees to leave service. A plugin that cannot be asked leaves.
   *
   * @throws ConflictException when it refuses
   */
  void askToStop() throws InterruptedException {
    int answer;
    try {
      answer = lifecycleCall("on_deactivate");
    } catch (PoolException | GuestTrap e) {
      log.warn("{} could not be asked before it leaves service: {}", manifest.id(), e.getMessage());
      return;
    }
    if (answer != 0) {
      throw new ConflictException(
          manifest.id() + " refused to stop: its on_deactivate returned " + answer);
    }
  }

  private int lifecycleCall(String export) throws InterruptedException {
    int answer;
    List<Runnable> effects;
    try (Lease<GuestInstance> lease = pool.checkout(limits.call())) {
      var _ = lease.get().takeEffects();
      try {
        answer = GuestAbi.callLifecycle(lease.get(), export, limits.fromNow());
      } catch (GuestTrap trap) {
        lease.markUnusable(trap);
        throw trap;
      } finally {
        fuel.ran(lease.get());
      }
      effects = lease.get().takeEffects();
    }
    if (answer == 0) {
      effects.forEach(Runnable::run);
    }
    return answer;
  }

  /** Waits for the calls that are running, then gives up all instances. */
  void stop(Duration patience) {
    if (jobs != null) {
      jobs.stop(patience);
    }
    pool.close(patience);
    audit.close();
  }

  /**
   * Refuses new calls, lets those finish that run or wait, and gives up the instances; after {@code
   * patience} also those that are in use, as they come back. Does not block.
   *
   * @return completes when all instances are gone, or the time is over
   */
  CompletableFuture<Void> retire(Duration patience) {
    CompletableFuture<Void> hooks = retireHooks(patience);
    return jobs == null ? hooks : CompletableFuture.allOf(hooks, jobs.retire(patience));
  }

  private CompletableFuture<Void> retireHooks(Duration patience) {
    return pool.drain()
        .orTimeout(patience.toNanos(), TimeUnit.NANOSECONDS)
        .handleAsync(
            (report, late) -> {
              if (late != null) {
                log.warn("{} still ran calls {} after it was replaced", manifest.id(), patience);
                pool.close(Duration.ZERO);
              }
              audit.close();
              return null;
            },
            Thread::startVirtualThread);
  }

  /** Runs a filter of this plugin; see {@link io.gonext.host.hook.FilterHandler}. */
  FilterAnswer filter(
      Filter filter, PluginHook hook, JsonNode value, List<JsonNode> args, Turn turn)
      throws HookFailedException, InterruptedException {
    return calls.call(
        filter.guard,
        hook,
        HookCodec.filter(value, args),
        turn,
        reply -> HookCodec.filterAnswer(reply, value));
  }

  /**
   * Runs a filter for many values in one lease.
   *
   * @param parts all of the values, as {@link HookCodec#batch} made them
   * @return one answer a value
   */
  List<FilterAnswer> filterAll(
      Filter filter, PluginHook hook, List<JsonNode> values, List<BatchPart> parts, Turn turn)
      throws HookFailedException, InterruptedException {
    return calls
        .callAll(
            filter.guard,
            hook,
            parts.stream().map(BatchPart::payload).toList(),
            turn,
            i -> reply -> HookCodec.batchAnswer(reply, given(values, parts.get(i))))
        .stream()
        .flatMap(List::stream)
        .toList();
  }

  private static List<JsonNode> given(List<JsonNode> values, BatchPart part) {
    return values.subList(part.first(), part.first() + part.size());
  }

  /** Runs an action of this plugin; see {@link io.gonext.host.hook.ActionHandler}. */
  void act(Breakers.Guard action, PluginHook hook, List<JsonNode> args, Turn turn)
      throws HookFailedException, InterruptedException {
    var _ =
        calls.call(
            action,
            hook,
            HookCodec.action(args),
            turn,
            reply -> {
              HookCodec.actionAnswer(reply);
              return Boolean.TRUE;
            });
  }

  /** The job of that name; null when it has none. */
  JobPool.@Nullable Job jobOf(String name) {
    return jobs == null ? null : jobs.of(name);
  }

  /** Runs one attempt at a job. */
  HookReply run(JobPool.Job job, byte[] payload, Turn turn)
      throws HookFailedException, InterruptedException {
    return Objects.requireNonNull(jobs).run(job, payload, turn);
  }

  /** Where it runs its jobs; null when it has none. */
  @Nullable JobPool jobPool() {
    return jobs;
  }

  /** Serves a request by one of this version's routes. */
  PluginResponse serve(PluginHook hook, RouteTable.Found found, PluginRequest request, Turn turn)
      throws HookFailedException, InterruptedException {
    return calls.call(
        Objects.requireNonNull(routeGuards.get(found.route())),
        hook,
        HookCodec.route(RouteCodec.encode(request, found, routeHeaders)),
        turn,
        this::response);
  }

  private PluginResponse response(HookReply reply) throws HookFailedException {
    FilterAnswer answer = HookCodec.filterAnswer(reply, MissingNode.getInstance());
    try {
      return RouteCodec.decode(answer.value(), routeHeaders);
    } catch (RouteCodec.BadResponseException e) {
      throw new HookFailedException(HookOutcome.BAD_ANSWER, e.getMessage(), e);
    }
  }
}
