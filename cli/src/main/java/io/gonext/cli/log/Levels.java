package io.gonext.cli.log;

import java.text.MessageFormat;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/** Between the levels of SLF4J and those of the JDK, as SLF4J's binding to the JDK has them. */
final class Levels {
  private Levels() {}

  static org.slf4j.event.Level of(Level level) {
    int value = level.intValue();
    if (value >= Level.SEVERE.intValue()) {
      return org.slf4j.event.Level.ERROR;
    }
    if (value >= Level.WARNING.intValue()) {
      return org.slf4j.event.Level.WARN;
    }
    if (value >= Level.INFO.intValue()) {
      return org.slf4j.event.Level.INFO;
    }
    return value >= Level.FINE.intValue()
        ? org.slf4j.event.Level.DEBUG
        : org.slf4j.event.Level.TRACE;
  }

  /** The message with its parameters, which only libraries that use the JDK's log itself have. */
  static String text(LogRecord written) {
    String message = String.valueOf(written.getMessage());
    Object[] parameters = written.getParameters();
    if (parameters == null || parameters.length == 0) {
      return message;
    }
    try {
      return MessageFormat.format(message, parameters);
    } catch (IllegalArgumentException e) {
      return message;
    }
  }
}
