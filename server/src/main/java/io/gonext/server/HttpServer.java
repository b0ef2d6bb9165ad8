package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.ManifestSchema;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.util.JavalinBindException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Serves a {@link Host} over HTTP, a virtual thread a request: hooks under {@code /api/v1}, plugin
 * routes under {@code /api/plugins/{name}}, health and metrics. It does not own the host.
 *
 * <p>Thread-safe.
 */
public final class HttpServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

  /** Names the plugins that failed while a hook was answered all the same. */
  static final String DEGRADED_HEADER = "X-Gonext-Degraded";

  private static final String JSON = "application/json";

  /** The exposition format of Prometheus, text version 0.0.4. */
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private static final Pattern HOOK_NAME = Pattern.compile("[a-z0-9_]+(\\.[a-z0-9_]+)*");
  private static final int MAX_HOOK_NAME_LENGTH = 256;

  private final Host host;
  private final PrometheusMeterRegistry metrics;
  private final Javalin javalin;
  private volatile boolean closing;

  private HttpServer(Host host, PrometheusMeterRegistry metrics, ServerConfig config) {
    this.host = host;
    this.metrics = metrics;
    this.javalin = Javalin.create(javalinConfig -> configure(javalinConfig, config));
  }

  /**
   * Starts to serve.
   *
   * @param metrics what {@code /metrics} shows; usually what the host counts into
   * @throws ServerStartException when it cannot listen there
   */
  public static HttpServer start(Host host, PrometheusMeterRegistry metrics, ServerConfig config) {
    HttpServer server = new HttpServer(host, metrics, config);
    try {
      server.javalin.start(config.address(), config.port());
    } catch (JavalinBindException e) {
      throw new ServerStartException(
          "cannot listen on "
              + config.address()
              + ":"
              + config.port()
              + ": "
              + bindFailure(e)
              + "; choose another with --port",
          e);
    }
    return server;
  }

  private static String bindFailure(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }

  /** The port it listens on. */
  public int port() {
    return javalin.port();
  }

  /** Refuses new requests, lets running ones finish, and stops. */
  @Override
  public void close() {
    closing = true;
    javalin.stop();
  }

  private void configure(JavalinConfig config, ServerConfig settings) {
    config.startup.showJavalinBanner = false;
    config.startup.startupWatcherEnabled = false;
    config.concurrency.useVirtualThreads = true;
    config.http.prefer405over404 = true;
    // A plugin's answer goes out byte for byte.
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.jetty.modifyServer(server -> {
      server.setStopTimeout(settings.shutdownPatience().toMillis());
      server.insertHandler(new GracefulHandler());
      server.setErrorHandler(new JettyProblems());
    });
    config.jetty.modifyServletContextHandler(
        context -> context.setErrorHandler(new JettyProblems()));
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setIdleTimeout(settings.idleTimeout().toMillis());
    });

    config.routes.get("/healthz", ctx -> ctx.contentType(JSON).result("{\"status\":\"up\"}"));
    config.routes.get("/readyz", this::readiness);
    config.routes.get(
        "/metrics",
        ctx -> {
          ctx.contentType(PROMETHEUS_TEXT);
          ctx.result(metrics.scrape());
        });
    config.routes.get(
        "/schemas/plugin-manifest-v1.json",
        ctx -> ctx.contentType("application/schema+json").result(ManifestSchema.bytes()));
    config.routes.post("/api/v1/filters/{hook}", this::filter);
    config.routes.post("/api/v1/actions/{hook}", this::action);
    PluginRoutes pluginRoutes = new PluginRoutes(host);
    for (HandlerType method :
        List.of(
            HandlerType.GET,
            HandlerType.HEAD,
            HandlerType.POST,
            HandlerType.PUT,
            HandlerType.PATCH,
            HandlerType.DELETE,
            HandlerType.OPTIONS)) {
      config.routes.addHttpHandler(method, PluginRoutes.PREFIX + "{name}", pluginRoutes);
      config.routes.addHttpHandler(method, PluginRoutes.PREFIX + "{name}/<path>", pluginRoutes);
    }

    config.routes.exception(Problem.class, (problem, ctx) -> problem.answer(ctx));
    config.routes.exception(
        HttpResponseException.class,
        (e, ctx) -> Problem.write(ctx, HttpStatus.forStatus(e.getStatus()), e.getMessage()));
    config.routes.exception(
        InterruptedException.class,
        (e, ctx) -> {
          Thread.currentThread().interrupt();
          Problem.write(ctx, HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping");
        });
    config.routes.exception(
        IOException.class,
        (e, ctx) -> Problem.write(ctx, HttpStatus.BAD_REQUEST, "the request could not be read"));
    config.routes.exception(
        Exception.class,
        (e, ctx) -> {
          log.error("{} {} failed", ctx.method(), ctx.path(), e);
          Problem.write(ctx, HttpStatus.INTERNAL_SERVER_ERROR, "internal error, see the log");
        });
  }

  private void readiness(Context ctx) {
    if (closing) {
      throw new Problem(HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping");
    }
    ctx.contentType(JSON).result("{\"status\":\"ready\"}");
  }

  private void filter(Context ctx) throws IOException, InterruptedException {
    String hook = hookName(ctx);
    RequestBody.HookArguments call = RequestBody.hookArguments(ctx, true);
    FilterResult result = host.applyFilters(hook, call.value(), call.argArray());
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("value", result.value());
    answer(ctx, body, result.degraded());
  }

  private void action(Context ctx) throws IOException, InterruptedException {
    String hook = hookName(ctx);
    ActionResult result = host.doAction(hook, RequestBody.hookArguments(ctx, false).argArray());
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("handlers", result.handlers());
    answer(ctx, body, result.degraded());
  }

  private static void answer(Context ctx, ObjectNode body, List<Degradation> degraded) {
    if (!degraded.isEmpty()) {
      ctx.header(
          DEGRADED_HEADER,
          degraded.stream().map(Degradation::plugin).distinct().collect(Collectors.joining(", ")));
    }
    ctx.contentType(JSON).result(StrictJson.write(body));
  }

  private static String hookName(Context ctx) {
    String hook = ctx.pathParam("hook");
    if (hook.length() > MAX_HOOK_NAME_LENGTH || !HOOK_NAME.matcher(hook).matches()) {
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          "a hook's name is dotted lower case ([a-z0-9_]), at most 256 characters");
    }
    return hook;
  }
}
