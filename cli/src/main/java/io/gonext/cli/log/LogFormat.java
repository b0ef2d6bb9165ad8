package io.gonext.cli.log;

/** How a line of the log is written. */
public enum LogFormat {
  /** For people: time, level, logger, message. A stack trace takes more lines. */
  TEXT,
  /**
   * For machines: a JSON object on each line, with the field names of the Elastic Common Schema.
   */
  JSON
}
