package io.gonext.server;

import io.gonext.host.ChainFailedException;
import io.gonext.host.Host;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookName;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.json.StrictJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Calls hooks: filters below {@code /api/v1/filters}, actions below {@code /api/v1/actions}. */
final class HookApi {
  /** Names the plugins that failed in a call that was answered all the same, with their codes. */
  static final String DEGRADED_HEADER = "X-Gonext-Degraded";

  /**
   * With 41 characters and a code each, so many names take a third of the space that the headers of
   * a response have.
   */
  static final int MAX_DEGRADED_NAMED = 64;

  /** The attribute of a request whose caller asked for explanations. */
  private static final String EXPLAIN = "gonext.explain";

  private final Host host;
  private final Access access;

  HookApi(Host host, Access access) {
    this.host = host;
    this.access = access;
  }

  void addTo(RoutesConfig routes) {
    routes.post("/api/v1/filters/{hook}", this::filter);
    routes.post("/api/v1/actions/{hook}", this::action);
    routes.exception(ChainFailedException.class, HookApi::failedClosed);
  }

  private void filter(Context ctx) throws IOException, InterruptedException {
    access.requireCaller(ctx);
    String hook = hookName(ctx);
    RequestBody.HookArguments call = arguments(ctx, true);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    if (call.batch()) {
      BatchResult result =
          host.applyFiltersBatch(call.options(), hook, call.values(), call.argArray());
      body.putArray("values").addAll(result.values());
      answer(ctx, call, body, result.degraded());
    } else {
      FilterResult result =
          host.applyFilters(call.options(), hook, call.values().getFirst(), call.argArray());
      body.set("value", result.value());
      answer(ctx, call, body, result.degraded());
    }
  }

  private void action(Context ctx) throws IOException, InterruptedException {
    access.requireCaller(ctx);
    String hook = hookName(ctx);
    RequestBody.HookArguments call = arguments(ctx, false);
    ActionResult result = host.doAction(call.options(), hook, call.argArray());
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("handlers", result.handlers());
    answer(ctx, call, body, result.degraded());
  }

  private static void failedClosed(ChainFailedException e, Context ctx) {
    ctx.header(DEGRADED_HEADER, degraded(e.plugin(), e.outcome()));
    List<String> problems =
        ctx.attribute(EXPLAIN) == null
            ? List.of()
            : List.of(
                e.plugin()
                    + " failed in hook "
                    + e.hook()
                    + " ("
                    + e.outcome()
                    + "): "
                    + Explanation.of(e.outcome(), e.reason()));
    FailedPlugin.answer(ctx, e.plugin(), e.outcome(), e.retryAfter(), problems);
  }

  private static void answer(
      Context ctx, RequestBody.HookArguments call, ObjectNode body, List<Degradation> degraded) {
    if (!degraded.isEmpty()) {
      ctx.header(DEGRADED_HEADER, degraded(degraded));
    }
    if (call.explain()) {
      ArrayNode all = body.putArray("degraded");
      for (Degradation one : degraded) {
        all.addObject()
            .put("plugin", one.plugin())
            .put("code", one.code())
            .put("reason", Explanation.of(one.outcome(), one.reason()));
      }
    }
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  /** Names the first {@value #MAX_DEGRADED_NAMED} plugins, and counts the others. */
  static String degraded(List<Degradation> all) {
    String named =
        all.stream()
            .limit(MAX_DEGRADED_NAMED)
            .map(one -> degraded(one.plugin(), one.outcome()))
            .collect(Collectors.joining(", "));
    int more = all.size() - MAX_DEGRADED_NAMED;
    return more <= 0 ? named : named + ", *;more=" + more;
  }

  private static String degraded(String plugin, HookOutcome outcome) {
    return plugin + ";code=" + outcome;
  }

  /** Marks the request when it asks for explanations, for {@link #failedClosed}. */
  private static RequestBody.HookArguments arguments(Context ctx, boolean filter)
      throws IOException {
    RequestBody.HookArguments call = RequestBody.hookArguments(ctx, filter);
    if (call.explain()) {
      ctx.attribute(EXPLAIN, true);
    }
    return call;
  }

  private static String hookName(Context ctx) {
    String hook = ctx.pathParam("hook");
    if (!HookName.isOne(hook)) {
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          "the name of a hook is dotted lower case ([a-z0-9_]), at most 256 characters");
    }
    return hook;
  }
}
