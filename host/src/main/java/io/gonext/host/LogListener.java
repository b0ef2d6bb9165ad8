package io.gonext.host;

import org.slf4j.event.Level;

/**
 * Receives what a plugin logs. Called by the threads that run the plugin; it must not wait or
 * throw.
 */
@FunctionalInterface
public interface LogListener {
  /** A line, without control characters, cut where it was long. */
  void line(Level level, String line);
}
