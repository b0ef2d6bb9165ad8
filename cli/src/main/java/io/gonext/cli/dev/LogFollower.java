package io.gonext.cli.dev;

import java.net.http.HttpClient;
import org.jspecify.annotations.Nullable;

/**
 * Shows what the plugin that is live does: calls that fail, always, and its log lines, as long as
 * they are wanted. Thread-safe.
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

  /** A plugin of this name is about to be live; the host need not know it yet. */
  synchronized void follow(String name) {
    if (!name.equals(plugin)) {
      close();
      plugin = name;
      stream = LogStream.open(client, host, name, token, new Wanted());
    }
  }

  /** Shows log lines where they were not shown, and the other way round. */
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

  /** Lets everything pass but log lines that nobody wants. */
  private final class Wanted implements DevOutput {
    @Override
    public void emit(DevEvent event) {
      if (wantsLines || !(event instanceof DevEvent.Log)) {
        output.emit(event);
      }
    }

    @Override
    public void close() {
      // The output is the command's.
    }
  }
}
