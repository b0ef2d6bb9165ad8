package io.gonext.server;

import io.gonext.dashboard.Visitor;
import io.gonext.host.Host;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.manifest.ManifestSchema;
import io.gonext.host.manifest.PublishedFormat;
import io.gonext.host.trust.TrustPolicy;
import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.util.JavalinBindException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import jakarta.servlet.DispatcherType;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http.UriCompliance.Violation;
import org.jspecify.annotations.Nullable;

/**
 * Serves a {@link Host} over HTTP with one virtual thread per request: hooks and the admin API
 * below {@code /api/v1}, plugin routes below {@code /api/plugins/{name}}, health, metrics, and the
 * dashboard. The caller owns the host and closes it after the server.
 *
 * <p>Thread-safe.
 */
public final class HttpServer implements AutoCloseable {
  /**
   * What a path may hold beside the plainest: {@code //}, {@code %2F}, {@code %25} and encoded
   * control characters. All of these may be part of a plugin's parameters.
   */
  private static final UriCompliance PATHS =
      UriCompliance.from(
          EnumSet.of(
              Violation.AMBIGUOUS_EMPTY_SEGMENT,
              Violation.AMBIGUOUS_PATH_SEPARATOR,
              Violation.AMBIGUOUS_PATH_ENCODING,
              Violation.SUSPICIOUS_PATH_CHARACTERS));

  /**
   * Space for the headers that a plugin may set, {@link RouteHeaders#MAX_HEADER_BYTES}, and for the
   * host's own.
   */
  private static final int RESPONSE_HEADER_BYTES = 2 * RouteHeaders.MAX_HEADER_BYTES;

  /** How long {@link #close} waits for running requests. */
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

  /** How long {@link #close} keeps an idle connection, for a request that is on its way. */
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final Host host;
  private final PrometheusMeterRegistry metrics;
  private final Access access;
  private final Clients clients;
  private final DiagnosticsApi diagnostics;

  /** Empty where the application keeps its log to itself. */
  private final Optional<LogLevels> logLevels;

  private final Connections connections;
  private final Javalin javalin;
  private final InternalErrors internalErrors;

  /** Null without a dashboard. */
  private final @Nullable DashboardMount dashboard;

  /** Ends what operators change for a time. */
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(
          1, Thread.ofPlatform().daemon().name("gonext-timer").factory());

  private volatile boolean closing;

  private HttpServer(
      Host host, PrometheusMeterRegistry metrics, ServerConfig config, boolean loopback) {
    this.host = host;
    this.metrics = metrics;
    timer.setRemoveOnCancelPolicy(true);
    this.access = new Access(loopback, config.address(), config.tokens(), config.readers());
    this.clients = new Clients(config.trustedProxies());
    this.diagnostics = new DiagnosticsApi(config);
    this.logLevels =
        config.log().map(log -> new LogLevels(log, host.audit(), timer, InstantSource.system()));
    this.connections = new Connections(config.requestTimeout(), GRACE, System::nanoTime, metrics);
    this.internalErrors = new InternalErrors(metrics, System::nanoTime);
    this.dashboard =
        hasDashboard(config, loopback)
            ? new DashboardMount(host, access, clients, internalErrors::happened)
            : null;
    this.javalin =
        Javalin.create(javalinConfig -> {
          configure(javalinConfig, config.idleTimeout());
          trace(javalinConfig, config.telemetry());
          addRoutes(javalinConfig, config);
        });
  }

  /**
   * Starts to serve.
   *
   * @param metrics what {@code /metrics} shows; usually the registry of the host
   * @throws ServerStartException when the server cannot listen there, or when other machines could
   *     reach it and it has no token
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

  private static boolean hasDashboard(ServerConfig config, boolean loopback) {
    boolean wanted =
        switch (config.dashboard()) {
          case ON -> true;
          case OFF -> false;
          case ON_LOOPBACK -> loopback;
        };
    return wanted && !config.tokens().isEmpty();
  }

  /** True for an address that does not resolve: the attempt to listen has the better message. */
  private static boolean isLoopback(ServerConfig config) {
    try {
      return config.isLoopback();
    } catch (UnknownHostException e) {
      return true;
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

  /** Whether there are pages below {@code /dashboard}. */
  public boolean hasDashboard() {
    return dashboard != null;
  }

  /**
   * Takes over what a server can change while it runs: the tokens, the trusted proxies and the
   * settings that operators see. Whoever holds a token that is gone or another one is signed out of
   * the dashboard, and what streams to them ends within seconds. Whatever else the configuration
   * says is ignored.
   *
   * @return who no longer holds the same token
   * @throws IllegalArgumentException when the server began with tokens and would have none
   */
  public List<String> adjust(ServerConfig config) {
    if (config.tokens().isEmpty() && access.hasAdmins()) {
      throw new IllegalArgumentException("the server would have no admin token");
    }
    List<Visitor> gone = access.change(config.tokens(), config.readers());
    if (dashboard != null) {
      dashboard.signOut(gone::contains);
    }
    clients.change(config.trustedProxies());
    diagnostics.change(config.settings());
    return gone.stream().map(Visitor::name).toList();
  }

  /**
   * Sets the levels of loggers as the start of the server would. A logger whose level an operator
   * changed keeps it, and goes back to this one.
   *
   * @param levels by logger; empty for the level of the logger above
   */
  public void setLevels(Map<String, Optional<LogLevel>> levels) {
    logLevels.ifPresent(all -> all.setBase(levels));
  }

  /** Refuses new requests, waits up to 10 s for running ones, and stops. */
  @Override
  public void close() {
    closing = true;
    if (dashboard != null) {
      dashboard.close();
    }
    javalin.stop();
    timer.shutdownNow();
  }

  private void configure(JavalinConfig config, Duration idleTimeout) {
    config.startup.showJavalinBanner = false;
    config.startup.startupWatcherEnabled = false;
    config.concurrency.useVirtualThreads = true;
    config.http.prefer405over404 = true;
    // A plugin's answer is sent byte for byte.
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.jetty.modifyServer(server -> {
      server.setStopTimeout(STOP_PATIENCE.toMillis());
      server.insertHandler(new RequestRules());
      server.insertHandler(connections);
      server.setErrorHandler(new JettyProblems());
    });
    config.jetty.modifyServletContextHandler(context -> {
      context.setErrorHandler(new JettyProblems());
      context.setSessionHandler(new NoSessions());
      if (dashboard != null) {
        dashboard.addTo(context);
      }
    });
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setUriCompliance(PATHS);
      http.setResponseHeaderSize(RESPONSE_HEADER_BYTES);
      http.setIdleTimeout(idleTimeout.toMillis());
    });
  }

  private static void trace(JavalinConfig config, OpenTelemetry telemetry) {
    if (telemetry.equals(OpenTelemetry.noop())) {
      return;
    }
    config.jetty.modifyServletContextHandler(context -> {
      FilterHolder spans = new FilterHolder(new RequestSpans(telemetry));
      spans.setAsyncSupported(true);
      context.addFilter(spans, "/*", EnumSet.of(DispatcherType.REQUEST));
    });
    config.routes.after(RequestSpans::name);
  }

  private void addRoutes(JavalinConfig config, ServerConfig settings) {
    new ErrorAnswers(internalErrors).addTo(config);
    new HealthApi(host, connections, internalErrors, () -> closing).addTo(config.routes);
    new MetricsApi(metrics).addTo(config.routes);
    config.routes.get(
        "/schemas/plugin-manifest-v1.json",
        ctx -> ctx.contentType("application/schema+json").result(ManifestSchema.bytes()));
    config.routes.get(
        "/schemas/trust-policy-v1.json",
        ctx -> ctx.contentType("application/schema+json").result(TrustPolicy.schema()));
    for (PublishedFormat format : PublishedFormat.values()) {
      config.routes.get(
          "/schemas/" + format.file(),
          ctx -> ctx.contentType("application/schema+json").result(format.bytes()));
    }
    new HookApi(host, access).addTo(config.routes);
    if (!settings.tokens().isEmpty()) {
      new AdminApi(host, access, () -> closing, new OperationsApi(host, logLevels, diagnostics))
          .addTo(config.routes);
    }
    if (settings.dev()) {
      new DevApi(host, access, () -> closing).addTo(config.routes);
    }
    new PluginRoutes(host, clients).addTo(config.routes);
  }
}
