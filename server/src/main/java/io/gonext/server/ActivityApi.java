package io.gonext.server;

import io.gonext.host.Activity;
import io.gonext.host.ActivityPoint;
import io.gonext.host.HandlerActivity;
import io.gonext.host.Host;
import io.gonext.host.HostMemory;
import io.gonext.host.NotedCall;
import io.gonext.host.PluginActivity;
import io.gonext.host.json.StrictJson;
import io.gonext.pool.InstanceInfo;
import io.gonext.pool.PoolSnapshot;
import io.gonext.pool.PoolStats;
import io.gonext.pool.RecycleReason;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import io.javalin.http.sse.SseClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What plugins do on this host, for operators: numbers, times and instances, and the calls that
 * were slow, late or failed, also as a stream of server-sent events. All times are microseconds.
 */
final class ActivityApi {
  static final String PATH = "/api/v1/activity";
  static final String CALLS = "/api/v1/calls";

  /** Calls that may wait for a slow client. */
  private static final int WAITING_CALLS = 1_000;

  private final Activity activity;
  private final Host host;
  private final Predicate<Context> ends;
  private final EventStreams streams = new EventStreams("calls");

  ActivityApi(Host host, Predicate<Context> ends) {
    this.host = host;
    this.activity = host.activity();
    this.ends = ends;
  }

  /** The endpoints, those of one plugin below {@code one}. */
  List<AdminApi.Endpoint> endpoints(String one) {
    return List.of(
        new AdminApi.Endpoint(HandlerType.GET, PATH, this::all),
        new AdminApi.Endpoint(HandlerType.GET, one + "/activity", this::plugin),
        new AdminApi.Endpoint(HandlerType.GET, CALLS, this::calls));
  }

  private void all(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    HostMemory memory = activity.memory();
    body.putObject("memory")
        .put("heap_used_bytes", memory.heapUsed())
        .put("heap_max_bytes", memory.heapMax())
        .put("instances_bytes", memory.instances())
        .put("instances_budget_bytes", memory.instancesBudget());
    ArrayNode plugins = body.putArray("plugins");
    activity.plugins().forEach(plugin -> plugins.add(view(plugin)));
    answer(ctx, body);
  }

  private void plugin(Context ctx) {
    String name = AdminApi.installed(host, ctx);
    ObjectNode body = activity.plugin(name).map(ActivityApi::view).orElse(null);
    if (body == null) {
      throw new Problem(HttpStatus.CONFLICT, name + " is not in service; activate it first");
    }
    activity.instances(name).ifPresent(pool -> addTo(body, "instances", pool));
    activity.jobInstances(name).ifPresent(pool -> addTo(body, "job_instances", pool));
    ArrayNode history = body.putArray("history");
    activity.history(name).forEach(point -> history.add(view(point)));
    answer(ctx, body);
  }

  private static ObjectNode view(PluginActivity plugin) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", plugin.plugin())
            .put("version", plugin.version())
            .put("calls", plugin.calls())
            .put("failures", plugin.failures())
            .put("calls_per_second", rounded(plugin.callsPerSecond()))
            .put("breaker", lower(plugin.breaker()))
            .put("calls_left_out", plugin.leftOut());
    plugin.times().ifPresent(times -> body.set("times", view(times)));
    body.set("pool", view(plugin.pool()));
    ArrayNode handlers = body.putArray("handlers");
    plugin.handlers().forEach(handler -> handlers.add(view(handler)));
    return body;
  }

  private static ObjectNode view(HandlerActivity handler) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("kind", lower(handler.handler().kind()))
            .put("name", handler.handler().name())
            .put("calls", handler.calls())
            .put("failures", handler.failures())
            .put("calls_per_second", rounded(handler.callsPerSecond()))
            .put("breaker", lower(handler.breaker()));
    handler.times().ifPresent(times -> body.set("times", view(times)));
    return body;
  }

  private static ObjectNode view(HandlerActivity.CallTimes times) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("p50_us", micros(times.p50()))
        .put("p99_us", micros(times.p99()))
        .put("longest_us", micros(times.longest()));
  }

  private static ObjectNode view(PoolStats pool) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("min", pool.minInstances())
            .put("max", pool.maxInstances())
            .put("idle", pool.idle())
            .put("in_use", pool.inUse())
            .put("creating", pool.creating())
            .put("retiring", pool.retiring())
            .put("waiting", pool.waiting())
            .put("longest_wait_us", micros(pool.longestWait()))
            .put("checkouts", pool.checkouts())
            .put("checkout_errors", pool.checkoutErrors())
            .put("created", pool.created())
            .put("bytes", pool.bytes());
    ObjectNode recycled = body.putObject("recycled");
    pool.recycled().forEach((reason, count) -> recycled.put(reason(reason), count));
    return body;
  }

  private static void addTo(ObjectNode body, String field, PoolSnapshot pool) {
    ArrayNode instances = body.putArray(field);
    for (InstanceInfo instance : pool.instances()) {
      ObjectNode one =
          instances
              .addObject()
              .put("place", instance.place())
              .put("state", lower(instance.state()))
              .put("in_state_us", micros(instance.inState()))
              .put("uses", instance.uses())
              .put("age_us", micros(instance.age()))
              .put("bytes", instance.bytes());
      if (instance.leaving() != null) {
        one.put("leaving", reason(instance.leaving()));
      }
    }
    ArrayNode waits = body.putArray(field.equals("instances") ? "waits_us" : "job_waits_us");
    pool.waits().forEach(wait -> waits.add(micros(wait)));
  }

  private static ObjectNode view(ActivityPoint point) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("at", point.at().toString())
        .put("calls_per_second", rounded(point.callsPerSecond()))
        .put("failures_per_second", rounded(point.failuresPerSecond()))
        .put("p50_us", point.p50Nanos() / 1_000)
        .put("p99_us", point.p99Nanos() / 1_000)
        .put("in_use", point.inUse())
        .put("waiting", point.waiting())
        .put("bytes", point.bytes());
  }

  /**
   * The calls that a client requests.
   *
   * @param plugin null for those of all plugins
   * @param why null for all reasons
   * @param afterId only calls with a greater ID
   */
  private record Wanted(@Nullable String plugin, NotedCall.@Nullable Why why, long afterId)
      implements Predicate<NotedCall> {
    static Wanted of(Context ctx) {
      return new Wanted(ctx.queryParam("plugin"), why(ctx), lastEventId(ctx));
    }

    private static NotedCall.@Nullable Why why(Context ctx) {
      String text = ctx.queryParam("why");
      if (text == null) {
        return null;
      }
      for (NotedCall.Why why : NotedCall.Why.values()) {
        if (lower(why).equals(text)) {
          return why;
        }
      }
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          Arrays.stream(NotedCall.Why.values())
              .map(ActivityApi::lower)
              .collect(Collectors.joining(", ", "why must be one of ", "")));
    }

    /** An ID that is not a number is ignored: the client gets all calls. */
    private static long lastEventId(Context ctx) {
      String text = ctx.header("Last-Event-ID");
      try {
        return text == null ? 0 : Long.parseLong(text);
      } catch (NumberFormatException e) {
        return 0;
      }
    }

    @Override
    public boolean test(NotedCall call) {
      return call.id() > afterId
          && (plugin == null || plugin.equals(call.plugin()))
          && (why == null || why == call.why());
    }
  }

  private void calls(Context ctx) {
    Wanted wanted = Wanted.of(ctx);
    if (wanted.plugin() != null) {
      AdminApi.requireInstalled(host, wanted.plugin());
    }
    String accept = ctx.header("Accept");
    if (accept != null && accept.contains("text/event-stream")) {
      streams.open(ctx, client -> send(client, wanted));
      return;
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode calls = body.putArray("calls");
    activity.recentCalls().stream().filter(wanted).forEach(call -> calls.add(view(call)));
    answer(ctx, body);
  }

  private void send(SseClient client, Wanted wanted) {
    BlockingQueue<NotedCall> waiting = new ArrayBlockingQueue<>(WAITING_CALLS);
    Runnable stop =
        activity.followCalls(call -> {
          if (wanted.test(call)) {
            // A client that is too slow misses calls, as it misses those that are not recorded.
            var _ = waiting.offer(call);
          }
        });
    try {
      client.sendComment("connected");
      while (!client.terminated() && !ends.test(client.ctx())) {
        NotedCall call = waiting.poll(1, TimeUnit.SECONDS);
        if (call == null) {
          client.sendComment("still here"); // fails when the client has gone
        } else {
          client.sendEvent(
              "message",
              new String(StrictJson.write(view(call)), StandardCharsets.UTF_8),
              Long.toString(call.id()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      stop.run();
      client.close();
    }
  }

  private static ObjectNode view(NotedCall call) {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", call.id())
            .put("at", call.began().toString())
            .put("plugin", call.plugin())
            .put("version", call.version())
            .put("kind", lower(call.handler().kind()))
            .put("handler", call.handler().name())
            .put("why", lower(call.why()))
            .put("outcome", call.outcome().name())
            .put("took_us", micros(call.took()))
            .put("queued_us", micros(call.queued()))
            .put("guest_us", micros(call.guest()))
            .put("host_us", micros(call.host()))
            .put("waited_us", micros(call.waited()));
    if (call.fuel() > 0) {
      body.put("fuel", call.fuel());
    }
    if (call.traceId() != null) {
      body.put("trace_id", call.traceId());
    }
    if (call.recording() > 0) {
      body.put("recording", call.recording());
    }
    if (!call.reason().isEmpty()) {
      body.put("reason", call.reason());
    }
    if (!call.backtrace().isEmpty()) {
      ArrayNode backtrace = body.putArray("backtrace");
      call.backtrace().forEach(frame -> backtrace.add(frame.toString()));
    }
    return body;
  }

  /** As in the metrics: instances of plugins are declared unusable after a trap. */
  private static String reason(RecycleReason reason) {
    return reason == RecycleReason.UNUSABLE ? "trap" : lower(reason);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static long micros(Duration time) {
    return time.toNanos() / 1_000;
  }

  /** To a hundredth. */
  private static double rounded(double perSecond) {
    return Math.round(perSecond * 100) / 100.0;
  }

  private static void answer(Context ctx, JsonNode body) {
    ctx.contentType("application/json").result(StrictJson.write(body));
  }
}
