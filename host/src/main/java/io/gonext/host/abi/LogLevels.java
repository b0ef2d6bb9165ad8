package io.gonext.host.abi;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.event.Level;

/**
 * The least level of what each plugin logs, by name; it holds while the host is open, whatever
 * version serves. Where none is set, all lines go to the logging backend.
 *
 * <p>Thread-safe.
 */
public final class LogLevels {
  private final Map<String, Level> levels = new ConcurrentHashMap<>();

  /** The least level of a plugin's lines that are passed on. */
  public Level of(String plugin) {
    return levels.getOrDefault(plugin, Level.TRACE);
  }

  /** Changes it from the next line on. */
  public void set(String plugin, Level level) {
    levels.put(plugin, level);
  }
}
