package io.gonext.cli.dev;

import java.net.http.HttpClient;
import org.jspecify.annotations.Nullable;

/** Shows the log lines of the plugin that is live, as long as they are wanted. Thread-safe. */
final class LogFollower implements AutoCloseable {
  private final HttpClient client;
  private final HostUrl host;
  private final @Nullable String token;
  private final DevOutput output;

  // Guarded by this.
  private boolean wanted;
  private @Nullable String plugin;
  private @Nullable LogStream stream;

  LogFollower(
      HttpClient client, HostUrl host, @Nullable String token, DevOutput output, boolean wanted) {
    this.client = client;
    this.host = host;
    this.token = token;
    this.output = output;
    this.wanted = wanted;
  }

  /** A plugin of this name is live. */
  synchronized void follow(String name) {
    if (!name.equals(plugin)) {
      disconnect();
      plugin = name;
      connect();
    }
  }

  /** Shows them where they were not shown, and the other way round. */
  synchronized void toggle() {
    wanted = !wanted;
    if (wanted) {
      connect();
    } else {
      disconnect();
    }
  }

  private void connect() {
    if (wanted && plugin != null && stream == null) {
      stream = LogStream.open(client, host, plugin, token, output);
    }
  }

  private void disconnect() {
    if (stream != null) {
      stream.close();
      stream = null;
    }
  }

  @Override
  public synchronized void close() {
    wanted = false;
    disconnect();
  }
}
