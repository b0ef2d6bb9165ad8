package io.gonext.host.lifecycle;

import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.host.abi.GuestAbi;
import io.gonext.host.abi.HookCodec;
import io.gonext.host.abi.HookCodec.BatchPart;
import io.gonext.host.abi.HookCodec.FilterAnswer;
import io.gonext.host.abi.HookReply;
import io.gonext.host.audit.PluginAudit;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.HandlerProbe;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.HookTurn;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.PluginResponse;
import io.gonext.host.route.RouteCodec;
import io.gonext.host.route.RouteLimiter;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.route.RouteTable;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolException;
import io.gonext.pool.PoolStats;
import io.gonext.pool.Ticker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
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
  private final InstancePool<GuestInstance> pool;
  private final Duration callLimit;
  private final PluginBreaker breaker;
  private final GuestCalls calls;
  private final PluginAudit audit;
  private final RouteTable routes;
  private final HandlerProbe routeProbe;
  private final RouteLimiter routeLimiter;

  /** Whether it takes many values at once, by the name of a filter it has. */
  private final Map<String, Boolean> filters;

  private final Set<String> actions;

  /**
   * What stands between a version and its callers.
   *
   * @param audit is told of traps
   * @param late is told of calls that end well, but late
   * @param breaker makes the breaker of the version it is given
   */
  record Guards(
      PluginAudit audit,
      LateCalls late,
      HandlerProbe routeProbe,
      RouteLimiter routeLimiter,
      Function<ActivePlugin, PluginBreaker> breaker) {}

  ActivePlugin(
      Manifest manifest,
      String sha256,
      InstancePool<GuestInstance> pool,
      Duration callLimit,
      Guards guards) {
    this.manifest = manifest;
    this.sha256 = sha256;
    this.pool = pool;
    this.callLimit = callLimit;
    this.routeProbe = guards.routeProbe;
    this.routeLimiter = guards.routeLimiter;
    this.audit = guards.audit;
    this.routes = new RouteTable(manifest.routes());
    this.filters =
        manifest.filters().stream().collect(Collectors.toMap(Hook::name, Hook::batch, (a, b) -> a));
    this.actions = manifest.actions().stream().map(Hook::name).collect(Collectors.toSet());
    this.breaker = guards.breaker.apply(this);
    this.calls =
        new GuestCalls(
            manifest.version().toString(),
            pool,
            breaker,
            audit,
            guards.late,
            callLimit,
            manifest.warmUp());
  }

  Manifest manifest() {
    return manifest;
  }

  /** Of the bundle it was made from, lower-case hex. */
  String sha256() {
    return sha256;
  }

  boolean hasFilter(String hook) {
    return filters.containsKey(hook);
  }

  /** Whether a filter takes many values at once. */
  boolean takesBatches(String hook) {
    return filters.getOrDefault(hook, false);
  }

  boolean hasAction(String hook) {
    return actions.contains(hook);
  }

  /** The pool's numbers now. */
  PoolStats poolStats() {
    return pool.stats();
  }

  /** See {@link GuestCalls#watchMemory}. */
  void watchMemory(LongConsumer touchedBytes) {
    calls.watchMemory(touchedBytes);
  }

  /** Why its calls are refused, or empty while they are not. */
  Optional<String> trouble() {
    return breaker.trouble();
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
   * Makes instances until there are as many as a version had that served the load, so that callers
   * do not wait for them after a swap; fewer, where they cannot be made in time.
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
        held.add(pool.checkout(callLimit));
      }
    } catch (PoolException e) {
      log.info("{} takes over with {} instances: {}", manifest.id(), held.size(), e.getMessage());
    } finally {
      held.forEach(Lease::close);
    }
  }

  /**
   * Asks the plugin whether it agrees to leave service. One that cannot be asked has no say.
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
    try (Lease<GuestInstance> lease = pool.checkout(callLimit)) {
      try {
        return GuestAbi.callLifecycle(lease.get(), export, callLimit);
      } catch (GuestTrap trap) {
        lease.markUnusable(trap);
        throw trap;
      }
    }
  }

  /** Waits for the calls that are running, then gives up all instances. */
  void stop(Duration patience) {
    pool.close(patience);
    audit.close();
  }

  /**
   * Refuses new calls, lets those finish that run or wait, and gives up the instances; after {@code
   * patience} also those that are in use, as they come back. Does not block.
   *
   * @return completes when nothing is left of it, or time is up
   */
  CompletableFuture<Void> retire(Duration patience) {
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
  JsonNode filter(PluginHook hook, JsonNode value, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    byte[] payload = HookCodec.filter(value, args);
    FilterAnswer answer =
        calls.guarded(
            () -> calls.call(hook, payload, turn, reply -> HookCodec.filterAnswer(reply, value)));
    if (answer.stop()) {
      turn.stop();
    }
    return answer.value();
  }

  /** Runs a filter for many values in one lease; see {@link BatchFilterHandler}. */
  List<JsonNode> filterAll(
      PluginHook hook, List<JsonNode> values, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    List<BatchPart> parts = HookCodec.batch(values, args);
    return calls.guarded(() -> {
      List<List<FilterAnswer>> answers =
          calls.callAll(
              hook,
              parts.stream().map(BatchPart::payload).toList(),
              turn,
              i -> reply -> HookCodec.batchAnswer(reply, given(values, parts.get(i))));
      List<JsonNode> made = new ArrayList<>(values.size());
      for (List<FilterAnswer> part : answers) {
        for (FilterAnswer answer : part) {
          if (answer.stop()) {
            turn.stop(made.size());
          }
          made.add(answer.value());
        }
      }
      return made;
    });
  }

  private static List<JsonNode> given(List<JsonNode> values, BatchPart part) {
    return values.subList(part.first(), part.first() + part.size());
  }

  /** Runs an action of this plugin; see {@link io.gonext.host.hook.ActionHandler}. */
  void act(PluginHook hook, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    byte[] payload = HookCodec.action(args);
    calls.guarded(() ->
        calls.call(
            hook,
            payload,
            turn,
            reply -> {
              HookCodec.actionAnswer(reply);
              return Boolean.TRUE;
            }));
  }

  /** Serves a request for one of this plugin's routes. HEAD is served by the route for GET. */
  RouteOutcome serve(PluginHook hook, PluginRequest request) throws InterruptedException {
    Optional<Map<String, String>> parameters = routes.match(request.method(), request.path());
    if (parameters.isEmpty() && request.method().equals("HEAD")) {
      parameters = routes.match("GET", request.path());
    }
    if (parameters.isEmpty()) {
      SortedSet<String> allowed = new TreeSet<>(routes.methods(request.path()));
      if (allowed.contains("GET")) {
        allowed.add("HEAD");
      }
      if (!allowed.isEmpty()) {
        allowed.add("OPTIONS");
      }
      return allowed.isEmpty()
          ? new RouteOutcome.NotFound()
          : new RouteOutcome.MethodNotAllowed(allowed);
    }
    Duration wait = routeLimiter.take();
    if (!wait.isZero()) {
      return new RouteOutcome.RateLimited(manifest.name(), wait);
    }
    JsonNode value = RouteCodec.encode(request, parameters.get());
    HookTurn turn = new HookTurn(Ticker.system(), System.nanoTime(), callLimit.toNanos());
    try {
      return new RouteOutcome.Answered(routeProbe.watch(turn, t -> answer(hook, value, t)));
    } catch (HookFailedException e) {
      return switch (e.outcome()) {
        case DEADLINE, CUT_SHORT -> new RouteOutcome.TimedOut(manifest.name(), callLimit);
        case SATURATED, UNAVAILABLE, NO_INSTANCE ->
            new RouteOutcome.Unavailable(manifest.name(), e.getMessage(), Duration.ofSeconds(1));
        case PAYLOAD_TOO_LARGE -> new RouteOutcome.TooLarge(manifest.name(), e.getMessage());
        case BREAKER_OPEN ->
            new RouteOutcome.Unavailable(manifest.name(), e.getMessage(), breaker.retryAfter());
        default -> new RouteOutcome.BadAnswer(manifest.name(), e.outcome() + ": " + e.getMessage());
      };
    }
  }

  private PluginResponse answer(PluginHook hook, JsonNode request, HookTurn turn)
      throws HookFailedException, InterruptedException {
    byte[] payload = HookCodec.route(request);
    return calls.guarded(() -> calls.call(hook, payload, turn, ActivePlugin::response));
  }

  private static PluginResponse response(HookReply reply) throws HookFailedException {
    FilterAnswer answer = HookCodec.filterAnswer(reply, MissingNode.getInstance());
    try {
      return RouteCodec.decode(answer.value());
    } catch (RouteCodec.BadResponseException e) {
      throw new HookFailedException(HookOutcome.BAD_ANSWER, e.getMessage(), e);
    }
  }
}
