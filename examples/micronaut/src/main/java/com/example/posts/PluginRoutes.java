package com.example.posts;

import io.gonext.host.AsyncHost;
import io.gonext.host.PluginRequest;
import io.gonext.host.RouteOutcome;
import io.gonext.servlet.FailureAnswer;
import io.micronaut.core.annotation.Nullable;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * Passes requests below {@code /api/plugins/NAME} to the plugin. A filter and not a controller,
 * because plugins choose their paths and methods.
 */
@ServerFilter(PluginRoutes.PREFIX + "**")
class PluginRoutes {
  static final String PREFIX = "/api/plugins/";

  private final AsyncHost host;

  PluginRoutes(AsyncHost host) {
    this.host = host;
  }

  @RequestFilter
  CompletableFuture<HttpResponse<?>> pass(HttpRequest<?> request, @Body byte @Nullable [] body) {
    // The path as the client encoded it.
    String rest = request.getUri().getRawPath().substring(PREFIX.length());
    int slash = rest.indexOf('/');
    if (slash < 1) {
      return CompletableFuture.completedFuture(HttpResponse.notFound());
    }
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    request.getHeaders().forEach((name, values) -> headers.put(name, String.join(", ", values)));
    String query = request.getUri().getRawQuery();
    PluginRequest passed;
    try {
      passed =
          new PluginRequest(
              request.getMethodName(),
              rest.substring(slash),
              query == null ? "" : query,
              headers,
              body == null ? new byte[0] : body);
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedFuture(HttpResponse.badRequest());
    }
    return host.serve(
            rest.substring(0, slash),
            passed,
            request.getRemoteAddress().getAddress().getHostAddress())
        .thenApply(PluginRoutes::answer);
  }

  private static HttpResponse<?> answer(RouteOutcome outcome) {
    return switch (outcome) {
      case RouteOutcome.Answered(var answer) -> {
        MutableHttpResponse<byte[]> response = HttpResponse.status(answer.status(), null);
        answer.headers().forEach(response::header);
        yield response.body(answer.body());
      }
      case RouteOutcome.NotFound() -> HttpResponse.notFound();
      case RouteOutcome.MethodNotAllowed(var allowed) ->
          HttpResponse.status(405, null).header("Allow", String.join(", ", allowed));
      case RouteOutcome.RateLimited(_, var after) ->
          HttpResponse.status(429, null)
              .header("Retry-After", Long.toString(after.toSeconds() + 1));
      case RouteOutcome.Failed(var plugin, var how, _, _) ->
          HttpResponse.status(FailureAnswer.of(plugin, how).status(), null);
    };
  }
}
