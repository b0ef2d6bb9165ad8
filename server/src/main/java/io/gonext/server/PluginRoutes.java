package io.gonext.server;

import io.gonext.engine.PlainText;
import io.gonext.host.Host;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RouteOutcome;
import io.gonext.host.hook.HookOutcome;
import io.gonext.servlet.FailureAnswer;
import io.gonext.servlet.RequestHeaders;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;

/** Passes requests below {@code /api/plugins/{name}} to the plugin of that name. */
final class PluginRoutes implements Handler {
  static final String PREFIX = "/api/plugins/";

  private static final List<HandlerType> METHODS =
      List.of(
          HandlerType.GET,
          HandlerType.HEAD,
          HandlerType.POST,
          HandlerType.PUT,
          HandlerType.PATCH,
          HandlerType.DELETE,
          HandlerType.OPTIONS);

  private static final Logger log = LoggerFactory.getLogger(PluginRoutes.class);

  /** Longest path in the log; a longer one is cut. */
  private static final int MAX_SHOWN_CHARS = 512;

  /** RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5. */
  private static final Set<Integer> BODILESS = Set.of(204, 205, 304);

  private final Host host;
  private final Clients clients;

  PluginRoutes(Host host, Clients clients) {
    this.host = host;
    this.clients = clients;
  }

  void addTo(RoutesConfig routes) {
    for (HandlerType method : METHODS) {
      routes.addHttpHandler(method, PREFIX + "{name}", this);
      routes.addHttpHandler(method, PREFIX + "{name}/<path>", this);
    }
  }

  @Override
  public void handle(Context ctx) throws IOException, InterruptedException {
    String place = ctx.req().getRequestURI().substring(PREFIX.length());
    int slash = place.indexOf('/');
    // The name of a plugin needs no percent-encoding.
    String plugin = slash < 0 ? place : place.substring(0, slash);
    String path = slash < 0 ? "/" : place.substring(slash);
    switch (host.serve(plugin, request(ctx, path), clients.of(ctx))) {
      case RouteOutcome.Answered(PluginResponse response) -> answer(ctx, response);
      case RouteOutcome.NotFound() ->
          Problem.write(ctx, HttpStatus.NOT_FOUND, "no active plugin serves this path");
      case RouteOutcome.MethodNotAllowed(var allowed) -> {
        if (ctx.method().equals(HandlerType.OPTIONS)) {
          ctx.header("Allow", String.join(", ", allowed));
          ctx.res().setContentType(null);
          ctx.status(HttpStatus.NO_CONTENT);
        } else {
          Problem.writeWrongMethod(ctx, allowed);
        }
      }
      case RouteOutcome.RateLimited(String name, Duration wait) -> {
        FailedPlugin.retryAfter(ctx, wait);
        Problem.write(
            ctx, HttpStatus.TOO_MANY_REQUESTS, "too many requests for the plugin " + name);
      }
      case RouteOutcome.Failed(String name, HookOutcome outcome, String reason, Duration wait) -> {
        try (var _ = MDC.putCloseable("gonext.plugin", name)) {
          log.atLevel(FailureAnswer.of(name, outcome).isFrequent() ? Level.DEBUG : Level.WARN)
              .log("plugin {} failed for {} ({}): {}", name, shown(ctx), outcome, reason);
        }
        FailedPlugin.answer(ctx, name, outcome, wait);
      }
    }
  }

  private PluginRequest request(Context ctx, String path) throws IOException {
    Map<String, String> headers;
    try {
      headers = RequestHeaders.of(ctx.req());
    } catch (IllegalArgumentException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    String query = ctx.queryString();
    byte[] body = RequestBody.bytes(ctx);
    try {
      return new PluginRequest(
          ctx.method().name(), path, query == null ? "" : query, headers, body);
    } catch (IllegalArgumentException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, "the path is not percent-encoded UTF-8");
    }
  }

  private static void answer(Context ctx, PluginResponse response) {
    boolean hasBody = response.body().length > 0 && !BODILESS.contains(response.status());
    ctx.status(response.status());
    ctx.res().setContentType(hasBody ? "application/octet-stream" : null);
    response.headers().forEach(ctx::header);
    // A browser must not guess another type.
    ctx.header("X-Content-Type-Options", "nosniff");
    if (hasBody) {
      ctx.result(response.body());
    }
  }

  /** The path of a request, for the log. */
  static String shown(Context ctx) {
    return PlainText.of(ctx.path(), MAX_SHOWN_CHARS);
  }
}
