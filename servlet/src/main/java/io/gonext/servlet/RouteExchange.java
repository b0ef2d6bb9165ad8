package io.gonext.servlet;

import io.gonext.engine.PlainText;
import io.gonext.host.Host;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RouteOutcome;
import io.gonext.host.hook.HookOutcome;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.event.Level;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Passes a request to a plugin's route, and answers with what the plugin says. Thread-safe. */
final class RouteExchange {
  private static final Logger log = LoggerFactory.getLogger(RouteExchange.class);

  private static final JsonMapper MAPPER = new JsonMapper();

  /** Longest path in the log; a longer one is cut. */
  private static final int MAX_SHOWN_CHARS = 512;

  /** RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5. */
  private static final Set<Integer> BODILESS = Set.of(204, 205, 304);

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private static final int NO_CONTENT = 204;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int UNAVAILABLE = 503;

  private final Host host;
  private final Function<HttpServletRequest, String> clients;

  /**
   * @param clients whose requests are limited together
   */
  RouteExchange(Host host, Function<HttpServletRequest, String> clients) {
    this.host = host;
    this.clients = clients;
  }

  /**
   * Serves a request.
   *
   * @param below what follows the prefix in the request's target, as the client encoded it: {@code
   *     /NAME/PATH}
   * @return whether it was answered; false where no active plugin serves the path
   */
  boolean serve(HttpServletRequest request, HttpServletResponse response, String below)
      throws IOException {
    try {
      return answered(request, response, below);
    } catch (Refusal e) {
      problem(response, e.status(), String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem(response, UNAVAILABLE, "the server is stopping");
    }
    return true;
  }

  /** Answers that no plugin serves a path. */
  static void notFound(HttpServletResponse response) throws IOException {
    problem(response, Refusal.NOT_FOUND, "no active plugin serves this path");
  }

  /** The name in {@code /NAME/PATH}; empty where there is none. It needs no percent-encoding. */
  static String plugin(String below) {
    int slash = below.indexOf('/', 1);
    return below.substring(Math.min(1, below.length()), slash < 0 ? below.length() : slash);
  }

  private boolean answered(HttpServletRequest request, HttpServletResponse response, String below)
      throws IOException, InterruptedException {
    String plugin = plugin(below);
    if (plugin.isEmpty() || !METHODS.contains(request.getMethod())) {
      return false;
    }
    String path =
        below.length() == plugin.length() + 1 ? "/" : below.substring(plugin.length() + 1);
    switch (host.serve(plugin, read(request, path), clients.apply(request))) {
      case RouteOutcome.Answered(PluginResponse answer) -> write(response, answer);
      case RouteOutcome.NotFound() -> {
        return false;
      }
      case RouteOutcome.MethodNotAllowed(var allowed) -> {
        String methods = String.join(", ", allowed);
        response.setHeader("Allow", methods);
        if (request.getMethod().equals("OPTIONS")) {
          response.setStatus(NO_CONTENT);
        } else {
          problem(response, METHOD_NOT_ALLOWED, "this path takes " + methods);
        }
      }
      case RouteOutcome.RateLimited(String name, Duration wait) -> {
        retryAfter(response, wait);
        problem(response, TOO_MANY_REQUESTS, "too many requests for the plugin " + name);
      }
      case RouteOutcome.Failed(String name, HookOutcome outcome, String reason, Duration wait) -> {
        FailureAnswer failure = FailureAnswer.of(name, outcome);
        try (var _ = MDC.putCloseable("gonext.plugin", name)) {
          log.atLevel(failure.isFrequent() ? Level.DEBUG : Level.WARN)
              .log(
                  "plugin {} failed for {} ({}): {}",
                  name,
                  PlainText.of(request.getRequestURI(), MAX_SHOWN_CHARS),
                  outcome,
                  reason);
        }
        if (failure.mayRetry()) {
          retryAfter(response, wait);
        }
        problem(response, failure.status(), failure.detail());
      }
    }
    return true;
  }

  private static PluginRequest read(HttpServletRequest request, String path) throws IOException {
    for (String segment : path.split("/", -1)) {
      String plain = segment.toLowerCase(Locale.ROOT).replace("%2e", ".");
      if (plain.equals(".") || plain.equals("..")) {
        // What is in front may have applied its rules to the path without them.
        throw new Refusal(Refusal.BAD_REQUEST, "the path has a segment . or ..");
      }
    }
    String query = request.getQueryString();
    if (query != null && !isEncoded(query)) {
      throw new Refusal(Refusal.BAD_REQUEST, "the query is not percent-encoded");
    }
    Map<String, String> headers;
    try {
      headers = RequestHeaders.of(request);
    } catch (IllegalArgumentException e) {
      throw new Refusal(Refusal.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    byte[] body = RequestBytes.of(request);
    try {
      return new PluginRequest(
          request.getMethod(), path, query == null ? "" : query, headers, body);
    } catch (IllegalArgumentException e) {
      throw new Refusal(Refusal.BAD_REQUEST, "the path is not percent-encoded UTF-8");
    }
  }

  private static boolean isEncoded(String query) {
    try {
      var _ = URLDecoder.decode(query, StandardCharsets.UTF_8);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static void write(HttpServletResponse response, PluginResponse answer)
      throws IOException {
    boolean hasBody = answer.body().length > 0 && !BODILESS.contains(answer.status());
    response.setStatus(answer.status());
    if (hasBody) {
      response.setContentType("application/octet-stream");
    }
    answer.headers().forEach(response::setHeader);
    // A browser must not guess another type.
    response.setHeader("X-Content-Type-Options", "nosniff");
    if (hasBody) {
      response.setContentLength(answer.body().length);
      response.getOutputStream().write(answer.body());
    }
  }

  /** Rounds up to whole seconds, so that a client does not come too early. */
  private static void retryAfter(HttpServletResponse response, Duration wait) {
    response.setHeader("Retry-After", Long.toString(wait.plusSeconds(1).minusNanos(1).toSeconds()));
  }

  /** An error answer to a client: {@code application/problem+json}, RFC 9457. */
  private static void problem(HttpServletResponse response, int status, String detail)
      throws IOException {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("type", "about:blank");
    body.put("status", status);
    body.put("detail", PlainText.of(detail, MAX_SHOWN_CHARS));
    byte[] bytes = MAPPER.writeValueAsBytes(body);
    response.setStatus(status);
    response.setContentType("application/problem+json");
    response.setContentLength(bytes.length);
    response.getOutputStream().write(bytes);
  }
}
