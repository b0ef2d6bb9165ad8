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
  private final OpenHost opened;
  private final HttpServer server;

  private RunningServer(OpenHost opened, HttpServer server) {
    this.opened = opened;
    this.server = server;
  }

  /** A metrics registry for Prometheus. */
  static PrometheusMeterRegistry metrics() {
    return PrometheusMetrics.registry();
  }

  /** Opens a host with a metrics registry for Prometheus. */
  static OpenHost openHost(HostConfig config) throws InterruptedException {
    return openHost(config, metrics(), () -> {});
  }

  /**
   * The same, with a registry that is there already.
   *
   * @param afterwards runs once the host is closed
   */
  static OpenHost openHost(HostConfig config, PrometheusMeterRegistry metrics, Runnable afterwards)
      throws InterruptedException {
    return new OpenHost(Host.open(config.toBuilder().meters(metrics).build()), metrics, afterwards);
  }

  /** The same, with the user's cache of compiled modules. */
  static OpenHost openUserHost(
      HostConfig config, PrometheusMeterRegistry metrics, Runnable afterwards)
      throws InterruptedException {
    return new OpenHost(
        UserCache.open(config.toBuilder().meters(metrics).build()), metrics, afterwards);
  }

  /** A host that has no server yet. */
  record OpenHost(Host host, PrometheusMeterRegistry metrics, Runnable afterwards)
      implements AutoCloseable {
    /** Starts the server; closes the host if that fails. */
    RunningServer listen(ServerConfig config) {
      try {
        return new RunningServer(this, HttpServer.start(host, metrics, config));
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    @Override
    public void close() {
      host.close();
      afterwards.run();
      metrics.close();
    }
  }

  Host host() {
    return opened.host();
  }

  HttpServer server() {
    return server;
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
    opened.close();
  }
}
