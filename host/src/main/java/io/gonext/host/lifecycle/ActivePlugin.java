package io.gonext.host.lifecycle;

import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.TrapCause;
import io.gonext.host.abi.GuestAbi;
import io.gonext.host.abi.HookReply;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteCodec;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.route.RouteTable;
import io.gonext.pool.CheckoutTimeoutException;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolException;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * One version of a plugin in service: its compiled module and its pool of instances. Every call of
 * it checks an instance out, runs one hook and gives the instance back; an instance that trapped is
 * not used again.
 *
 * <p>Thread-safe.
 */
final class ActivePlugin {
  private static final Logger log = LoggerFactory.getLogger(ActivePlugin.class);

  private static final String NO_INSTANCE = "SATURATED";
  private static final String BAD_ANSWER = "BAD_ANSWER";

  private final Manifest manifest;
  private final String sha256;
  private final InstancePool<GuestInstance> pool;
  private final Duration callLimit;
  private final RouteTable routes;
  private final Set<String> filters;
  private final Set<String> actions;

  ActivePlugin(
      Manifest manifest, String sha256, InstancePool<GuestInstance> pool, Duration callLimit) {
    this.manifest = manifest;
    this.sha256 = sha256;
    this.pool = pool;
    this.callLimit = callLimit;
    this.routes = new RouteTable(manifest.routes());
    this.filters = manifest.filters().stream().map(Hook::name).collect(Collectors.toSet());
    this.actions = manifest.actions().stream().map(Hook::name).collect(Collectors.toSet());
  }

  Manifest manifest() {
    return manifest;
  }

  /** Of the bundle it was made from, lower-case hex. */
  String sha256() {
    return sha256;
  }

  boolean hasFilter(String hook) {
    return filters.contains(hook);
  }

  boolean hasAction(String hook) {
    return actions.contains(hook);
  }

  /** The pool's numbers now. */
  PoolStats poolStats() {
    return pool.stats();
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
      int answer = lifecycleCall("on_activate");
      if (answer != 0) {
        throw new ActivationException(
            manifest.id() + " refused to start: its on_activate returned " + answer, null);
      }
    } catch (PoolException | GuestTrap e) {
      stop(Duration.ZERO);
      throw new ActivationException(manifest.id() + " could not start: " + e.getMessage(), e);
    } catch (ActivationException | InterruptedException e) {
      stop(Duration.ZERO);
      throw e;
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
              return null;
            },
            Thread::startVirtualThread);
  }

  /** Runs a filter of this plugin; see {@link io.gonext.host.hook.FilterHandler}. */
  JsonNode filter(PluginHook hook, JsonNode value, List<JsonNode> args, Duration limit)
      throws HookFailedException, InterruptedException {
    ObjectNode payload = JsonNodeFactory.instance.objectNode();
    payload.put("kind", "filter");
    payload.set("value", value);
    payload.set("args", array(args));
    return switch (call(hook, payload, limit)) {
      case HookReply.Done() -> value;
      case HookReply.Failed failed -> throw failure(failed);
      case HookReply.Body(byte[] body) -> valueIn(body);
    };
  }

  /** Runs an action of this plugin; see {@link io.gonext.host.hook.ActionHandler}. */
  void act(PluginHook hook, List<JsonNode> args, Duration limit)
      throws HookFailedException, InterruptedException {
    ObjectNode payload = JsonNodeFactory.instance.objectNode();
    payload.put("kind", "action");
    payload.set("args", array(args));
    if (call(hook, payload, limit) instanceof HookReply.Failed failed) {
      throw failure(failed);
    }
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
      return allowed.isEmpty()
          ? new RouteOutcome.NotFound()
          : new RouteOutcome.MethodNotAllowed(allowed);
    }
    try {
      JsonNode answer =
          filter(hook, RouteCodec.encode(request, parameters.get()), List.of(), callLimit);
      return new RouteOutcome.Answered(RouteCodec.decode(answer));
    } catch (RouteCodec.BadResponseException e) {
      return new RouteOutcome.BadAnswer(manifest.name(), e.getMessage());
    } catch (HookFailedException e) {
      if (e.getCause() instanceof GuestTrap trap
          && trap.trapCause() instanceof TrapCause.Deadline) {
        return new RouteOutcome.TimedOut(manifest.name(), callLimit);
      }
      return e.getCause() instanceof PoolException
          ? new RouteOutcome.Unavailable(manifest.name(), e.getMessage())
          : new RouteOutcome.BadAnswer(manifest.name(), e.getMessage());
    }
  }

  private HookReply call(PluginHook hook, ObjectNode payload, Duration limit)
      throws HookFailedException, InterruptedException {
    byte[] json = StrictJson.write(payload);
    if (json.length > GuestAbi.MAX_PAYLOAD_BYTES) {
      throw new HookFailedException(
          "PAYLOAD_TOO_LARGE",
          "the payload is " + json.length + " bytes, the most is " + GuestAbi.MAX_PAYLOAD_BYTES,
          null);
    }
    Duration allowed = limit.compareTo(callLimit) < 0 ? limit : callLimit;
    long deadline = System.nanoTime() + allowed.toNanos();
    try (Lease<GuestInstance> lease = pool.checkout(allowed)) {
      try {
        // At least a microsecond, so that a call which waited to the last moment fails as a
        // deadline.
        long left = Math.max(1_000, deadline - System.nanoTime());
        HookReply reply = GuestAbi.callHook(lease.get(), hook.utf8(), json, Duration.ofNanos(left));
        hook.recent().offer(json, deadline);
        return reply;
      } catch (GuestTrap trap) {
        lease.markUnusable(trap);
        throw new HookFailedException(trap.trapCause().code(), trap.getMessage(), trap);
      } catch (RuntimeException | Error e) {
        lease.markUnusable(e);
        throw e;
      }
    } catch (CheckoutTimeoutException e) {
      throw new HookFailedException(NO_INSTANCE, e.getMessage(), e);
    } catch (PoolException e) {
      throw new HookFailedException("UNAVAILABLE", e.getMessage(), e);
    }
  }

  private static HookFailedException failure(HookReply.Failed failed) {
    return new HookFailedException(
        "STATUS", "it answered " + failed.status() + " (" + failed.meaning() + ")", null);
  }

  private static JsonNode valueIn(byte[] body) throws HookFailedException {
    JsonNode result;
    try {
      result = StrictJson.parse(body);
    } catch (InvalidJsonException e) {
      throw new HookFailedException(BAD_ANSWER, "its answer is not JSON: " + e.getMessage(), e);
    }
    JsonNode value = result.get("value");
    if (value == null) {
      throw new HookFailedException(BAD_ANSWER, "its answer has no \"value\"", null);
    }
    return value;
  }

  private static ArrayNode array(List<JsonNode> items) {
    return JsonNodeFactory.instance.arrayNode().addAll(items);
  }
}
