package io.gonext.host.internal.log;

import io.gonext.host.LogLine;
import io.gonext.host.LogListener;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.event.Level;
import org.slf4j.helpers.NOPLogger;

/**
 * The logs of all plugins: the least level of each one, and its listeners. Both hold while the host
 * is open, for all versions of a plugin.
 *
 * <p>Thread-safe.
 */
public final class PluginLogs {
  private final Map<String, Level> levels = new ConcurrentHashMap<>();
  private final Map<String, List<LogListener>> listeners = new ConcurrentHashMap<>();
  private final Map<String, RecentLines> recent = new ConcurrentHashMap<>();
  private final InstantSource clock;
  private final boolean toLoggers;

  /**
   * @param toLoggers whether lines go to the loggers of plugins, too
   */
  public PluginLogs(InstantSource clock, boolean toLoggers) {
    this.clock = clock;
    this.toLoggers = toLoggers;
  }

  /** A new log of one plugin. */
  public PluginLog of(String plugin) {
    RecentLines itsLines = linesOf(plugin);
    return new PluginLog(
        toLoggers ? PluginLog.loggerOf(plugin) : NOPLogger.NOP_LOGGER,
        System::nanoTime,
        () -> levels.getOrDefault(plugin, Level.TRACE),
        (level, line) -> {
          itsLines.add(level, line);
          listeners.getOrDefault(plugin, List.of()).forEach(heard -> heard.line(level, line));
        });
  }

  /** Drops lines of a plugin below a level, from the next line on. */
  public void setLevel(String plugin, Level level) {
    levels.put(plugin, level);
  }

  /**
   * Passes each kept line of a plugin to a listener.
   *
   * @return ends this
   */
  public Runnable listen(String plugin, LogListener listener) {
    listeners.compute(
        plugin,
        (name, others) -> {
          List<LogListener> all = others == null ? new CopyOnWriteArrayList<>() : others;
          all.add(listener);
          return all;
        });
    return () ->
        listeners.computeIfPresent(
            plugin,
            (name, all) -> {
              all.remove(listener);
              // A caller may listen to any name. A name without listeners must take no memory.
              return all.isEmpty() ? null : all;
            });
  }

  /** How many plugins have listeners. */
  int listened() {
    return listeners.size();
  }

  /** The last lines of a plugin, the oldest first: at most 500, and 256 Ki characters. */
  public List<LogLine> recent(String plugin) {
    RecentLines lines = recent.get(plugin);
    return lines == null ? List.of() : lines.list();
  }

  /**
   * Passes the last lines of a plugin to a follower, and then each new line, in order.
   *
   * @param follower called by the threads that run the plugin: it must not wait or throw
   * @return ends this
   */
  public Runnable follow(String plugin, Consumer<LogLine> follower) {
    return linesOf(plugin).follow(follower);
  }

  /** Drops the last lines of an uninstalled plugin. The next plugin of that name has none. */
  public void forget(String plugin) {
    RecentLines lines = recent.get(plugin);
    if (lines != null) {
      lines.clear();
    }
  }

  private RecentLines linesOf(String plugin) {
    return recent.computeIfAbsent(plugin, name -> new RecentLines(clock));
  }
}
