package io.gonext.server;

import io.gonext.engine.PlainText;
import io.gonext.host.Host;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.PluginResponse;
import io.gonext.host.route.RouteCodec;
import io.gonext.host.route.RouteOutcome;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands requests below {@code /api/plugins/{name}} to the plugin of that name. */
final class PluginRoutes implements Handler {
  static final String PREFIX = "/api/plugins/";

  private static final Logger log = LoggerFactory.getLogger(PluginRoutes.class);

  /** Of a path in the log; longer ones are cut. */
  private static final int SHOWN_CHARS = 512;

  private final Host host;
  private final Duration bodyLimit;

  PluginRoutes(Host host, Duration bodyLimit) {
    this.host = host;
    this.bodyLimit = bodyLimit;
  }

  @Override
  public void handle(Context ctx) throws IOException, InterruptedException {
    String place = ctx.req().getRequestURI().substring(PREFIX.length());
    int slash = place.indexOf('/');
    // A plugin's name has no character that would need percent-encoding.
    String plugin = slash < 0 ? place : place.substring(0, slash);
    String path = slash < 0 ? "/" : place.substring(slash);
    switch (host.serve(plugin, request(ctx, path))) {
      case RouteOutcome.Answered(PluginResponse response) -> answer(ctx, response);
      case RouteOutcome.NotFound() ->
          Problem.write(ctx, HttpStatus.NOT_FOUND, "no active plugin serves this path");
      case RouteOutcome.MethodNotAllowed(var allowed) -> {
        ctx.header("Allow", String.join(", ", allowed));
        if (ctx.method().equals(HandlerType.OPTIONS)) {
          ctx.status(HttpStatus.NO_CONTENT);
        } else {
          Problem.write(ctx, HttpStatus.METHOD_NOT_ALLOWED, null);
        }
      }
      case RouteOutcome.BadAnswer(String name, String reason) -> {
        log.warn("plugin {} gave no usable answer to {}: {}", name, shown(ctx), reason);
        Problem.write(ctx, HttpStatus.BAD_GATEWAY, "the plugin gave no usable answer");
      }
      case RouteOutcome.TooLarge(String name, String reason) -> {
        log.debug("plugin {} was not given {}: {}", name, shown(ctx), reason);
        Problem.write(ctx, HttpStatus.CONTENT_TOO_LARGE, "the request is too large for the plugin");
      }
      case RouteOutcome.RateLimited(String name, Duration wait) -> {
        log.debug("plugin {} has had too many requests, now for {}", name, shown(ctx));
        retryAfter(ctx, wait);
        Problem.write(
            ctx, HttpStatus.TOO_MANY_REQUESTS, "there are too many requests for this plugin");
      }
      case RouteOutcome.Unavailable(String name, String reason, Duration wait) -> {
        log.debug("plugin {} is not available for {}: {}", name, shown(ctx), reason);
        retryAfter(ctx, wait);
        Problem.write(ctx, HttpStatus.SERVICE_UNAVAILABLE, "the plugin is not available now");
      }
      case RouteOutcome.TimedOut(String name, var limit) -> {
        log.warn("plugin {} did not answer {} within {} ms", name, shown(ctx), limit.toMillis());
        Problem.write(
            ctx,
            HttpStatus.GATEWAY_TIMEOUT,
            "the plugin did not answer within " + limit.toMillis() + " ms");
      }
    }
  }

  /** Whole seconds, rounded up: after as many the time has passed. */
  static void retryAfter(Context ctx, Duration wait) {
    ctx.header("Retry-After", Long.toString(wait.plusSeconds(1).minusNanos(1).toSeconds()));
  }

  private PluginRequest request(Context ctx, String path) throws IOException {
    Map<String, String> headers = new HashMap<>();
    for (String name : RouteCodec.REQUEST_HEADERS) {
      String value = ctx.header(name);
      if (value != null) {
        headers.put(name, value);
      }
    }
    String query = ctx.queryString();
    byte[] body = RequestBody.bytes(ctx, bodyLimit);
    try {
      return new PluginRequest(
          ctx.method().name(), path, query == null ? "" : query, headers, body);
    } catch (IllegalArgumentException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, "the path is not percent-encoded UTF-8");
    }
  }

  private static void answer(Context ctx, PluginResponse response) {
    ctx.status(response.status());
    ctx.contentType("application/octet-stream");
    response.headers().forEach(ctx::header);
    // A browser must not guess a type that the plugin did not state.
    ctx.header("X-Content-Type-Options", "nosniff");
    ctx.result(response.body());
  }

  /** A request's path for the log. */
  static String shown(Context ctx) {
    return PlainText.of(ctx.path(), SHOWN_CHARS);
  }
}
