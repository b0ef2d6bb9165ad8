package io.gonext.host.abi;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.event.Level;

/**
 * What plugins log: the least level of each, and who listens. Both hold while the host is open,
 * whatever version serves.
 *
 * <p>Thread-safe.
 */
public final class PluginLogs {
  private final Map<String, Level> levels = new ConcurrentHashMap<>();
  private final Map<String, List<LogListener>> listeners = new ConcurrentHashMap<>();

  /** A new log of one plugin. */
  public PluginLog of(String plugin) {
    List<LogListener> itsListeners = listenersOf(plugin);
    return new PluginLog(
        plugin,
        System::nanoTime,
        () -> levels.getOrDefault(plugin, Level.TRACE),
        (level, line) -> itsListeners.forEach(listener -> listener.line(level, line)));
  }

  /** Drops what a plugin logs below a level, from the next line on. */
  public void setLevel(String plugin, Level level) {
    levels.put(plugin, level);
  }

  /**
   * Tells a listener each line of a plugin that is kept.
   *
   * @return ends that
   */
  public Runnable listen(String plugin, LogListener listener) {
    List<LogListener> itsListeners = listenersOf(plugin);
    itsListeners.add(listener);
    return () -> itsListeners.remove(listener);
  }

  private List<LogListener> listenersOf(String plugin) {
    return listeners.computeIfAbsent(plugin, name -> new CopyOnWriteArrayList<>());
  }
}
