package io.gonext.server;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the log of this process goes. Who starts the server brings it: an application has its own,
 * and may leave it out.
 *
 * <p>Thread-safe.
 */
public interface LogBackend {
  /** The loggers with a level of their own, by name; {@code root} is above all others. */
  Map<String, LogLevel> levels();

  /**
   * Sets the level of a logger and of those below it that have none of their own.
   *
   * @param level empty to take the level of the logger above
   */
  void setLevel(String logger, Optional<LogLevel> level);

  /** The last lines of the log, the oldest first; a bounded number. */
  List<String> recentLines();
}
