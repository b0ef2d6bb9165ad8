package io.gonext.host.lifecycle;

import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.host.abi.GuestAbi;
import io.gonext.host.abi.HookCodec;
import io.gonext.host.abi.HookCodec.BatchPart;
import io.gonext.host.abi.HookCodec.FilterAnswer;
import io.gonext.host.abi.HookReply;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.HandlerProbe;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.HookTurn;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.PluginResponse;
import io.gonext.host.route.RouteCodec;
import io.gonext.host.route.RouteLimiter;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.route.RouteTable;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolException;
import io.gonext.pool.PoolMetrics;
import io.gonext.pool.PoolStats;
import io.gonext.pool.Ticker;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * A plugin in service: its compiled module and its pool of instances. Every call of it checks an
 * instance out, runs one hook and gives the instance back; an instance that trapped is not used
 * again.
 *
 * <p>Thread-safe.
 */
public final class ActivePlugin {
  private final Manifest manifest;
  private final InstancePool<GuestInstance> pool;
  private final PoolMetrics poolMetrics;
  private final Duration callLimit;
  private final PluginBreaker breaker;
  private final GuestCalls calls;
  private final RouteTable routes;
  private final byte[] routeHook;
  private final HandlerProbe routeProbe;
  private final RouteLimiter routeLimiter;

  ActivePlugin(
      Manifest manifest,
      InstancePool<GuestInstance> pool,
      MeterRegistry meters,
      Duration callLimit,
      PluginBreaker breaker,
      HandlerProbe routeProbe,
      RouteLimiter routeLimiter) {
    this.manifest = manifest;
    this.pool = pool;
    this.callLimit = callLimit;
    this.breaker = breaker;
    this.calls = new GuestCalls(manifest.version().toString(), pool, breaker, callLimit);
    this.routeProbe = routeProbe;
    this.routeLimiter = routeLimiter;
    this.poolMetrics = new PoolMetrics(manifest.name());
    poolMetrics.add(pool);
    poolMetrics.bindTo(meters);
    this.routes = new RouteTable(manifest.routes());
    this.routeHook = routeHook(manifest).getBytes(StandardCharsets.UTF_8);
  }

  /** The filter that serves a plugin's routes. */
  static String routeHook(Manifest manifest) {
    return "http.serve." + manifest.name();
  }

  public Manifest manifest() {
    return manifest;
  }

  /** The pool's numbers now. */
  public PoolStats poolStats() {
    return pool.stats();
  }

  /** What keeps it from being called as it fails. */
  PluginBreaker breaker() {
    return breaker;
  }

  /**
   * Warms the pool and asks the plugin whether it agrees to serve.
   *
   * @throws ActivationException when an instance cannot be made or the plugin refuses; nothing of
   *     it is left then
   */
  void start() throws InterruptedException {
    try {
      pool.start();
      try (Lease<GuestInstance> lease = pool.checkout(callLimit)) {
        int answer;
        try {
          answer = GuestAbi.callLifecycle(lease.get(), "on_activate", callLimit);
        } catch (GuestTrap trap) {
          lease.markUnusable(trap);
          throw trap;
        }
        if (answer != 0) {
          throw new ActivationException(
              manifest.id() + " refused to start: its on_activate returned " + answer, null);
        }
      }
    } catch (PoolException | GuestTrap e) {
      stop(Duration.ZERO);
      throw new ActivationException(manifest.id() + " could not start: " + e.getMessage(), e);
    } catch (ActivationException | InterruptedException e) {
      stop(Duration.ZERO);
      throw e;
    }
  }

  /** Waits for the calls that are running, then gives up all instances. */
  void stop(Duration patience) {
    pool.close(patience);
    poolMetrics.close();
  }

  /** Runs a filter of this plugin; see {@link io.gonext.host.hook.FilterHandler}. */
  JsonNode filter(byte[] hook, JsonNode value, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    byte[] payload = HookCodec.filter(value, args);
    FilterAnswer answer =
        calls.guarded(() -> HookCodec.filterAnswer(calls.call(hook, payload, turn), value));
    if (answer.stop()) {
      turn.stop();
    }
    return answer.value();
  }

  /** Runs a filter for many values in one lease; see {@link BatchFilterHandler}. */
  List<JsonNode> filterAll(byte[] hook, List<JsonNode> values, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    List<BatchPart> parts = HookCodec.batch(values, args);
    return calls.guarded(() -> {
      List<HookReply> replies =
          calls.callAll(hook, parts.stream().map(BatchPart::payload).toList(), turn);
      List<JsonNode> made = new ArrayList<>(values.size());
      for (int i = 0; i < parts.size(); i++) {
        BatchPart part = parts.get(i);
        List<JsonNode> given = values.subList(part.first(), part.first() + part.size());
        for (FilterAnswer answer : HookCodec.batchAnswer(replies.get(i), given)) {
          if (answer.stop()) {
            turn.stop(made.size());
          }
          made.add(answer.value());
        }
      }
      return made;
    });
  }

  /** Runs an action of this plugin; see {@link io.gonext.host.hook.ActionHandler}. */
  void act(byte[] hook, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    byte[] payload = HookCodec.action(args);
    calls.guarded(() -> {
      HookCodec.actionAnswer(calls.call(hook, payload, turn));
      return Boolean.TRUE;
    });
  }

  /** Serves a request for one of this plugin's routes. HEAD is served by the route for GET. */
  public RouteOutcome serve(PluginRequest request) throws InterruptedException {
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
      return new RouteOutcome.Answered(routeProbe.watch(turn, t -> answer(value, t)));
    } catch (HookFailedException e) {
      return switch (e.outcome()) {
        case DEADLINE, CUT_SHORT -> new RouteOutcome.TimedOut(manifest.name(), callLimit);
        case SATURATED, UNAVAILABLE, NO_INSTANCE ->
            new RouteOutcome.Unavailable(manifest.name(), e.getMessage(), Duration.ofSeconds(1));
        case BREAKER_OPEN ->
            new RouteOutcome.Unavailable(manifest.name(), e.getMessage(), breaker.retryAfter());
        default -> new RouteOutcome.BadAnswer(manifest.name(), e.outcome() + ": " + e.getMessage());
      };
    }
  }

  private PluginResponse answer(JsonNode request, HookTurn turn)
      throws HookFailedException, InterruptedException {
    byte[] payload = HookCodec.route(request);
    return calls.guarded(() -> {
      FilterAnswer answer =
          HookCodec.filterAnswer(calls.call(routeHook, payload, turn), MissingNode.getInstance());
      try {
        return RouteCodec.decode(answer.value());
      } catch (RouteCodec.BadResponseException e) {
        throw new HookFailedException(HookOutcome.BAD_ANSWER, e.getMessage(), e);
      }
    });
  }
}
