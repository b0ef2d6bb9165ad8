package com.example.posts;

import io.gonext.host.AsyncHost;
import io.gonext.host.PluginRequest;
import io.gonext.host.RouteOutcome;
import io.gonext.servlet.FailureAnswer;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Map;
import java.util.TreeMap;

/** Passes requests below {@code /api/plugins/NAME} to the plugin. */
@ApplicationScoped
class PluginRoutes {
  private static final String PREFIX = "/api/plugins/";
  private static final long MAX_BODY_BYTES = 1 << 20;

  void add(@Observes Router router, AsyncHost host) {
    router.route(PREFIX + "*").handler(BodyHandler.create(false).setBodyLimit(MAX_BODY_BYTES));
    router.route(PREFIX + "*").handler(exchange -> pass(exchange, host));
  }

  private static void pass(RoutingContext exchange, AsyncHost host) {
    HttpServerRequest request = exchange.request();
    // The path as the client encoded it.
    String rest = request.path().substring(PREFIX.length());
    int slash = rest.indexOf('/');
    if (slash < 1) {
      exchange.fail(404);
      return;
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    request
        .headers()
        .forEach(header ->
            headers.merge(header.getKey(), header.getValue(), (one, other) -> one + ", " + other));
    Buffer body = exchange.body().buffer();
    PluginRequest passed;
    try {
      passed =
          new PluginRequest(
              request.method().name(),
              rest.substring(slash),
              request.query() == null ? "" : request.query(),
              headers,
              body == null ? new byte[0] : body.getBytes());
    } catch (IllegalArgumentException e) {
      exchange.fail(400);
      return;
    }
    var answer =
        host.serve(rest.substring(0, slash), passed, request.remoteAddress().hostAddress());
    // A client that has gone ends the guest.
    exchange.response().closeHandler(_ -> answer.cancel(true));
    Context loop = Vertx.currentContext();
    answer.whenComplete((outcome, failure) ->
        loop.runOnContext(_ -> {
          if (failure != null) {
            exchange.fail(failure);
          } else {
            write(exchange, outcome);
          }
        }));
  }

  private static void write(RoutingContext exchange, RouteOutcome outcome) {
    HttpServerResponse response = exchange.response();
    switch (outcome) {
      case RouteOutcome.Answered(var answer) -> {
        answer.headers().forEach(response::putHeader);
        response.setStatusCode(answer.status()).end(Buffer.buffer(answer.body()));
      }
      case RouteOutcome.NotFound() -> exchange.fail(404);
      case RouteOutcome.MethodNotAllowed(var allowed) -> {
        response.putHeader("Allow", String.join(", ", allowed));
        exchange.fail(405);
      }
      case RouteOutcome.RateLimited(_, var after) -> {
        response.putHeader("Retry-After", Long.toString(after.toSeconds() + 1));
        exchange.fail(429);
      }
      case RouteOutcome.Failed(var plugin, var how, _, _) ->
          exchange.fail(FailureAnswer.of(plugin, how).status());
    }
  }
}
