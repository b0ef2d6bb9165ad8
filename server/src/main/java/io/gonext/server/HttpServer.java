package io.gonext.server;

import io.gonext.host.ActivationException;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.ChainFailedException;
import io.gonext.host.ConflictException;
import io.gonext.host.Host;
import io.gonext.host.HostException;
import io.gonext.host.StoreException;
import io.gonext.host.StoreTrouble;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookName;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.ManifestSchema;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.http.MethodNotAllowedResponse;
import io.javalin.util.JavalinBindException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http.UriCompliance.Violation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
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

  private static final String STORE_TROUBLE =
      "the store does not work: what is loaded is served, changes are refused, and key-value"
          + " entries are not available";

  /** Whether a call is to be explained: there where it is. */
  private static final String EXPLAIN = "gonext.explain";

  /** Names the plugins that failed while a hook was answered all the same, with the codes. */
  static final String DEGRADED_HEADER = "X-Gonext-Degraded";

  /** The names of so many plugins, at 41 characters and a code each, take a third of the room. */
  static final int MOST_DEGRADED_NAMED = 64;

  private static final String JSON = "application/json";

  /** The exposition format of Prometheus, text version 0.0.4. */
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private static final byte[] INTERNAL_ERROR =
      Problem.body(HttpStatus.INTERNAL_SERVER_ERROR, "internal error, see the log");

  /**
   * What a path may hold beside the plainest: {@code //}, {@code %2F}, {@code %25} and encoded
   * control characters, all of which are part of a plugin's parameters.
   */
  private static final UriCompliance PATHS =
      UriCompliance.from(
          EnumSet.of(
              Violation.AMBIGUOUS_EMPTY_SEGMENT,
              Violation.AMBIGUOUS_PATH_SEPARATOR,
              Violation.AMBIGUOUS_PATH_ENCODING,
              Violation.SUSPICIOUS_PATH_CHARACTERS));

  /** Room for what a plugin may set, {@link RouteHeaders#MAX_HEADER_BYTES}, and the host's own. */
  private static final int RESPONSE_HEADER_BYTES = 2 * RouteHeaders.MAX_HEADER_BYTES;

  /** How long a kept connection waits for a last request when the server stops. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Host host;
  private final PrometheusMeterRegistry metrics;
  private final Access access;
  private final Duration requestTimeout;
  private final InternalErrors internalErrors;
  private final Connections connections;
  private final Javalin javalin;
  private volatile boolean closing;

  private HttpServer(
      Host host, PrometheusMeterRegistry metrics, ServerConfig config, boolean loopback) {
    this.host = host;
    this.metrics = metrics;
    this.access = new Access(loopback, config.address(), config.tokens());
    this.requestTimeout = config.requestTimeout();
    this.internalErrors = new InternalErrors(metrics, System::nanoTime);
    this.connections = new Connections(requestTimeout, graceOf(config), metrics);
    this.javalin = Javalin.create(javalinConfig -> configure(javalinConfig, config));
  }

  /**
   * Starts to serve.
   *
   * @param metrics what {@code /metrics} shows; usually what the host counts into
   * @throws ServerStartException when it cannot listen there, or other machines could reach it and
   *     it has no token
   */
  public static HttpServer start(Host host, PrometheusMeterRegistry metrics, ServerConfig config) {
    boolean loopback = isLoopback(config);
    if (!loopback && config.tokens().isEmpty()) {
      throw new ServerStartException(
          config.address()
              + " can be reached from other machines: give the server a token, or listen on"
              + " 127.0.0.1",
          null);
    }
    HttpServer server = new HttpServer(host, metrics, config, loopback);
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

  /** An address that does not resolve cannot be bound either, which says so better. */
  private static boolean isLoopback(ServerConfig config) {
    try {
      return config.isLoopback();
    } catch (UnknownHostException e) {
      return true;
    }
  }

  private static Duration graceOf(ServerConfig config) {
    return config.shutdownPatience().compareTo(GRACE) < 0 ? config.shutdownPatience() : GRACE;
  }

  private static byte[] resource(String name) throws IOException {
    try (var in = HttpServer.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    }
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
      server.insertHandler(new RequestRules());
      server.insertHandler(connections);
      server.setErrorHandler(new JettyProblems());
    });
    config.jetty.modifyServletContextHandler(context -> {
      context.setErrorHandler(new JettyProblems());
      context.setSessionHandler(new NoSessions());
    });
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setUriCompliance(PATHS);
      http.setResponseHeaderSize(RESPONSE_HEADER_BYTES);
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
    config.routes.post(
        "/api/v1/filters/{hook}",
        ctx -> {
          access.requireCaller(ctx);
          filter(ctx);
        });
    config.routes.post(
        "/api/v1/actions/{hook}",
        ctx -> {
          access.requireCaller(ctx);
          action(ctx);
        });
    if (!settings.tokens().isEmpty()) {
      new AdminApi(host, access, () -> closing).addTo(config.routes);
      config.routes.get(
          "/api/v1/openapi.json", ctx -> ctx.contentType(JSON).result(resource("openapi.json")));
    }
    if (settings.dev()) {
      new DevApi(host, access, () -> closing).addTo(config.routes);
    }
    PluginRoutes pluginRoutes = new PluginRoutes(host, new Clients(settings.trustedProxies()));
    config.routes.after(ctx -> {
      if (ctx.statusCode() != HttpStatus.INTERNAL_SERVER_ERROR.getCode()) {
        internalErrors.answered();
      }
    });
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

    config.routes.exception(HostException.class, HttpServer::refused);
    config.routes.exception(Problem.class, (problem, ctx) -> problem.answer(ctx));
    config.routes.exception(
        HttpResponseException.class,
        (e, ctx) -> {
          if (e instanceof MethodNotAllowedResponse) {
            // Its one detail, under a name that depends on what the client accepts.
            Set<String> allowed = new LinkedHashSet<>();
            for (String method : String.join(", ", e.getDetails().values()).split(", ", -1)) {
              allowed.add(method);
              if (method.equals("GET")) {
                allowed.add("HEAD");
              }
            }
            wrongMethod(ctx, allowed);
            return;
          }
          Problem.write(ctx, HttpStatus.forStatus(e.getStatus()), e.getMessage());
        });
    config.routes.exception(
        InterruptedException.class,
        (e, ctx) -> {
          Thread.currentThread().interrupt();
          Problem.write(ctx, HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping");
        });
    config.routes.exception(ChainFailedException.class, HttpServer::failedClosed);
    config.routes.exception(
        IOException.class,
        (e, ctx) -> Problem.write(ctx, HttpStatus.BAD_REQUEST, "the request could not be read"));
    config.routes.exception(
        Exception.class,
        (e, ctx) -> {
          internalErrors.happened(e);
          log.error("{} {} failed", ctx.method(), PluginRoutes.shown(ctx), e);
          Problem.write(ctx, HttpStatus.INTERNAL_SERVER_ERROR, "internal error, see the log");
        });
    config.router.javaLangErrorHandler(this::failed);
  }

  /** Answers a request whose path takes other methods than its own. */
  static void wrongMethod(Context ctx, Collection<String> allowed) {
    String methods = String.join(", ", allowed);
    ctx.header("Allow", methods);
    Problem.write(ctx, HttpStatus.METHOD_NOT_ALLOWED, "this path takes " + methods);
  }

  /** A request ended in an {@link Error}: its answer needs next to no memory. */
  private void failed(HttpServletResponse response, Error error) {
    internalErrors.happened(error);
    try {
      log.error("a request failed", error);
    } finally {
      if (!response.isCommitted()) {
        response.resetBuffer();
        response.setStatus(HttpStatus.INTERNAL_SERVER_ERROR.getCode());
        response.setContentType(Problem.CONTENT_TYPE);
        try {
          response.getOutputStream().write(INTERNAL_ERROR);
        } catch (IOException e) {
          log.debug("the client has gone: {}", e.toString());
        }
      }
    }
  }

  private static void refused(HostException e, Context ctx) {
    HttpStatus status =
        switch (e) {
          case UnknownPluginException unknown -> HttpStatus.NOT_FOUND;
          case ConflictException conflict -> HttpStatus.CONFLICT;
          case BundleRejectedException rejected -> HttpStatus.UNPROCESSABLE_CONTENT;
          case ActivationException failed -> HttpStatus.UNPROCESSABLE_CONTENT;
          case StoreException failed -> HttpStatus.SERVICE_UNAVAILABLE;
          case ChainFailedException failed -> HttpStatus.BAD_GATEWAY;
        };
    Problem.write(
        ctx,
        status,
        e.getMessage(),
        e instanceof BundleRejectedException rejected ? rejected.problems() : List.of());
  }

  private void readiness(Context ctx) {
    if (closing) {
      throw new Problem(HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping");
    }
    Optional<String> broken = brokenDown();
    if (broken.isPresent()) {
      throw new Problem(HttpStatus.SERVICE_UNAVAILABLE, broken.get());
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    Optional<StoreTrouble> store = host.storeTrouble();
    body.put("status", store.isPresent() ? "degraded" : "ready");
    // Still 200: what is loaded is served, and every node on this database is in the same trouble.
    store.ifPresent(trouble ->
        body.putObject("store")
            .put("since", trouble.since().toString())
            // Not its cause, which names addresses: that is in the log.
            .put("problem", STORE_TROUBLE));
    internalErrors.lately().ifPresent(errors -> body.put("internal_errors", errors));
    // A node with a broken plugin is as ready as it will be: each plugin hurts only itself.
    Map<String, String> troubles = host.troubles();
    if (!troubles.isEmpty()) {
      ObjectNode degraded = body.putObject("degraded");
      troubles.forEach(degraded::put);
    }
    ctx.contentType(JSON).result(StrictJson.write(body));
  }

  /** What only another start would mend, as far as can be told. */
  private Optional<String> brokenDown() {
    if (!connections.isWatched()) {
      return Optional.of("the thread that looks for slow clients has ended");
    }
    return internalErrors.areMost() ? internalErrors.lately() : host.brokenDown();
  }

  private void filter(Context ctx) throws IOException, InterruptedException {
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
    ctx.contentType(JSON).result(StrictJson.write(body));
  }

  /** The first ones, and how many more there are: a header has no room for any number. */
  static String degraded(List<Degradation> all) {
    String named =
        all.stream()
            .limit(MOST_DEGRADED_NAMED)
            .map(one -> degraded(one.plugin(), one.outcome()))
            .collect(Collectors.joining(", "));
    int more = all.size() - MOST_DEGRADED_NAMED;
    return more <= 0 ? named : named + ", *;more=" + more;
  }

  /** A plugin that failed, as an item of {@value #DEGRADED_HEADER}. */
  private static String degraded(String plugin, HookOutcome outcome) {
    return plugin + ";code=" + outcome;
  }

  /** The arguments of a call; whether it is to be explained is known from here on. */
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
          "a hook's name is dotted lower case ([a-z0-9_]), at most 256 characters");
    }
    return hook;
  }
}
