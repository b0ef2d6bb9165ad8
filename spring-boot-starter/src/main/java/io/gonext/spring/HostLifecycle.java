package io.gonext.spring;

import io.gonext.host.Host;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;

/**
 * Starts the host, with the application's handlers and plugins, before the web server takes
 * requests; closes it when the context closes, after the web server has answered its last one, and
 * before any bean is destroyed.
 */
final class HostLifecycle implements SmartLifecycle {
  /** Before the web server of Spring Boot, which has {@code DEFAULT_PHASE - 2048}. */
  static final int PHASE = DEFAULT_PHASE - 4096;

  private final Host host;
  private final OwnHandlers handlers;
  private final PluginDeployment plugins;
  private final ConfigurableApplicationContext context;
  private volatile boolean started;
  private volatile boolean running;

  HostLifecycle(
      Host host,
      OwnHandlers handlers,
      PluginDeployment plugins,
      ConfigurableApplicationContext context) {
    this.host = host;
    this.handlers = handlers;
    this.plugins = plugins;
    this.context = context;
  }

  @Override
  public void start() {
    running = true;
    if (started) {
      return; // the context was stopped and not closed, and the host has served on
    }
    started = true;
    try {
      handlers.addTo(host);
      host.start();
      plugins.run(host);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GonextStartException("the start was interrupted", e);
    }
  }

  /** The host of a context that may start again stays open: beans hold it. */
  @Override
  public void stop() {
    running = false;
    if (context.isClosed()) {
      host.close();
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  /** A pause, as between two tests, leaves plugins in service. */
  @Override
  public boolean isPauseable() {
    return false;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
