package io.gonext.host;

import org.slf4j.event.Level;

/** Hears what a plugin logs. Called by the threads that run it: it must neither wait nor throw. */
@FunctionalInterface
public interface LogListener {
  /** A line, without control characters, cut where it was long. */
  void line(Level level, String line);
}
