package io.gonext.server;

import java.util.Locale;

/** The least level of the lines that a logger writes. */
public enum LogLevel {
  TRACE,
  DEBUG,
  INFO,
  WARN,
  ERROR,
  /** No lines at all. */
  OFF;

  /**
   * Reads a level.
   *
   * @throws IllegalArgumentException with a sentence
   */
  public static LogLevel parse(String text) {
    for (LogLevel level : values()) {
      if (level.label().equals(text.toLowerCase(Locale.ROOT))) {
        return level;
      }
    }
    throw new IllegalArgumentException(
        "the level must be one of trace, debug, info, warn, error, off");
  }

  /** In lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
