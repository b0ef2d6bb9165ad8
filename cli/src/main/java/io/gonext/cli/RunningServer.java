package io.gonext.cli;

import io.gonext.cli.kit.UserCache;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.server.HttpServer;
import io.gonext.server.PrometheusMetrics;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.CountDownLatch;

/** A host with its HTTP server; both stop together. */
final class RunningServer implements AutoCloseable {
  private final PrometheusMeterRegistry metrics;
  private final Host host;
  private final HttpServer server;

  private RunningServer(PrometheusMeterRegistry metrics, Host host, HttpServer server) {
    this.metrics = metrics;
    this.host = host;
    this.server = server;
  }

  /** Opens a host with a metrics registry for Prometheus. */
  static OpenHost openHost(HostConfig config) throws InterruptedException {
    PrometheusMeterRegistry metrics = PrometheusMetrics.registry();
    return new OpenHost(Host.open(config.toBuilder().meters(metrics).build()), metrics);
  }

  /** The same, with the user's cache of compiled modules. */
  static OpenHost openUserHost(HostConfig config) throws InterruptedException {
    PrometheusMeterRegistry metrics = PrometheusMetrics.registry();
    return new OpenHost(UserCache.open(config.toBuilder().meters(metrics).build()), metrics);
  }

  /** A host that has no server yet. */
  record OpenHost(Host host, PrometheusMeterRegistry metrics) {
    /** Starts the server; closes the host if that fails. */
    RunningServer listen(ServerConfig config) {
      try {
        return new RunningServer(metrics, host, HttpServer.start(host, metrics, config));
      } catch (RuntimeException e) {
        host.close();
        throw e;
      }
    }
  }

  int port() {
    return server.port();
  }

  /** Whether there is a dashboard. */
  boolean hasDashboard() {
    return server.hasDashboard();
  }

  /**
   * Makes Ctrl-C and SIGTERM stop the server cleanly, with exit code 0. Call it before printing
   * that the server listens.
   *
   * @param afterwards runs once everything is closed
   */
  void stopOnSignal(Events events, Runnable afterwards) {
    Thread stop =
        new Thread(
            () -> {
              events.tell("stopping", "stopping: waiting for running requests");
              close();
              afterwards.run();
              events.tell("stopped", "stopped");
              // The JVM would exit with 128 + the signal; a clean stop is 0.
              Runtime.getRuntime().halt(0);
            },
            "gonext-stop");
    Runtime.getRuntime().addShutdownHook(stop);
  }

  /** Waits for the signal; does not return. */
  static void serveUntilSignal() throws InterruptedException {
    new CountDownLatch(1).await();
  }

  /** Waits for running requests, then stops the server and the host. */
  @Override
  public void close() {
    server.close();
    host.close();
    metrics.close();
  }
}
