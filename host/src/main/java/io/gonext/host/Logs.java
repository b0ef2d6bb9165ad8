package io.gonext.host;

import io.gonext.host.internal.log.PluginLogs;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.event.Level;

/**
 * What plugins log on this host.
 *
 * <p>Thread-safe.
 */
public final class Logs {
  private final PluginLogs logs;

  Logs(PluginLogs logs) {
    this.logs = logs;
  }

  /**
   * Discards the lines of a plugin below a level, until this host is closed. By default all lines
   * go to the logger {@code gonext.plugin.<name>}, and its backend decides.
   */
  public void setLevel(String plugin, Level level) {
    logs.setLevel(plugin, level);
  }

  /**
   * Calls a listener for each line that a plugin logs. It stays when another version takes over.
   *
   * @return removes the listener
   */
  public Runnable listen(String plugin, LogListener listener) {
    return logs.listen(plugin, listener);
  }

  /** The last lines that a plugin logged on this host, oldest first; at most 500. */
  public List<LogLine> recent(String plugin) {
    return logs.recent(plugin);
  }

  /**
   * Passes the lines of {@link #recent} to a follower, and then each new line: in order, and no
   * line twice.
   *
   * @param follower called by the threads that run the plugin; it must not wait or throw
   * @return removes the follower
   */
  public Runnable follow(String plugin, Consumer<LogLine> follower) {
    return logs.follow(plugin, follower);
  }
}
