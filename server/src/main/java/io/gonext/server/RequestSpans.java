package io.gonext.server;

import io.gonext.engine.PlainText;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.TextMapGetter;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One span for each request, which joins the trace of its headers {@code traceparent} and {@code
 * tracestate}. Names and attributes follow the semantic conventions for HTTP servers. The query is
 * left out, since it may hold a token. Thread-safe.
 */
final class RequestSpans implements Filter {
  /** The path of the endpoint that serves a request, an attribute of the request. */
  private static final String ROUTE = RequestSpans.class.getName() + ".route";

  /** Their spans would say nothing, each few seconds. */
  private static final Set<String> UNTRACED = Set.of("/healthz", "/readyz", "/metrics");

  private static final int MAX_PATH_CHARS = 512;
  private static final int MAX_AGENT_CHARS = 256;

  private final Tracer tracer;

  RequestSpans(OpenTelemetry telemetry) {
    this.tracer = telemetry.getTracer("io.gonext.server");
  }

  /** The headers of a request. */
  private enum Headers implements TextMapGetter<HttpServletRequest> {
    INSTANCE;

    @Override
    public @Nullable String get(@Nullable HttpServletRequest carrier, String key) {
      return carrier == null ? null : carrier.getHeader(key);
    }
  }

  /** Names the span of a request after the endpoint that served it. */
  static void name(Context ctx) {
    Endpoint endpoint = ctx.endpoints().matchedHttpEndpoint();
    if (endpoint != null) {
      ctx.req().setAttribute(ROUTE, endpoint.path);
    }
  }

  @Override
  public void doFilter(ServletRequest any, ServletResponse answer, FilterChain chain)
      throws IOException, ServletException {
    if (!(any instanceof HttpServletRequest request)
        || !(answer instanceof HttpServletResponse response)
        || UNTRACED.contains(request.getRequestURI())) {
      chain.doFilter(any, answer);
      return;
    }
    var parent =
        W3CTraceContextPropagator.getInstance()
            .extract(io.opentelemetry.context.Context.root(), request, Headers.INSTANCE);
    Span span = begin(request, parent);
    boolean failed = true;
    try (Scope _ = parent.with(span).makeCurrent()) {
      chain.doFilter(request, response);
      failed = false;
    } finally {
      end(span, request, failed ? 500 : response.getStatus());
    }
  }

  private Span begin(HttpServletRequest request, io.opentelemetry.context.Context parent) {
    String agent = request.getHeader("User-Agent");
    return tracer
        .spanBuilder(method(request))
        .setParent(parent)
        .setSpanKind(SpanKind.SERVER)
        .setAttribute("http.request.method", method(request))
        .setAttribute("url.scheme", request.getScheme())
        .setAttribute("url.path", PlainText.of(request.getRequestURI(), MAX_PATH_CHARS))
        .setAttribute("server.address", PlainText.of(request.getServerName(), MAX_AGENT_CHARS))
        .setAttribute("server.port", (long) request.getServerPort())
        .setAttribute("network.peer.address", request.getRemoteAddr())
        .setAttribute(
            "user_agent.original", agent == null ? "" : PlainText.of(agent, MAX_AGENT_CHARS))
        .startSpan();
  }

  private static void end(Span span, HttpServletRequest request, int status) {
    if (request.getAttribute(ROUTE) instanceof String route) {
      span.setAttribute("http.route", route);
      span.updateName(method(request) + " " + route);
    }
    span.setAttribute("http.response.status_code", (long) status);
    if (status >= 500) {
      span.setAttribute("error.type", Integer.toString(status));
      span.setStatus(StatusCode.ERROR);
    }
    span.end();
  }

  /** One of the methods that HTTP defines; the text of a stranger would name spans. */
  private static String method(HttpServletRequest request) {
    if (request.getAttribute(RequestRules.HEAD) != null) {
      return "HEAD";
    }
    return switch (request.getMethod()) {
      case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT" ->
          request.getMethod();
      default -> "_OTHER";
    };
  }
}
