package io.gonext.cli.dev;

import java.net.http.HttpClient;
import org.jspecify.annotations.Nullable;

/**
 * Shows failed calls of the live plugin, and its log lines while the user wants them. Thread-safe.
 */
final class LogFollower implements AutoCloseable {
  private final HttpClient client;
  private final HostUrl host;
  private final @Nullable String token;
  private final DevOutput output;

  private volatile boolean wantsLines;

  // Guarded by this.
  private @Nullable String plugin;
  private @Nullable LogStream stream;

  /**
   * @param wantsLines whether log lines are shown at first
   */
  LogFollower(
      HttpClient client,
      HostUrl host,
      @Nullable String token,
      DevOutput output,
      boolean wantsLines) {
    this.client = client;
    this.host = host;
    this.token = token;
    this.output = output;
    this.wantsLines = wantsLines;
  }

  /** Follows the plugin with this name; the host may not have it yet. */
  synchronized void follow(String name) {
    if (!name.equals(plugin)) {
      close();
      plugin = name;
      stream = LogStream.open(client, host, name, token, new Wanted());
    }
  }

  /** Switches log lines on or off. */
  void toggle() {
    wantsLines = !wantsLines;
  }

  @Override
  public synchronized void close() {
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }

  /** Drops log lines while they are off. */
  private final class Wanted implements DevOutput {
    @Override
    public void emit(DevEvent event) {
      if (wantsLines || !(event instanceof DevEvent.Log)) {
        output.emit(event);
      }
    }

    @Override
    public void close() {
      // The command closes its output.
    }
  }
}
