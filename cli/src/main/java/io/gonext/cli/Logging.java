package io.gonext.cli;

/** What the process logs, to stderr. */
final class Logging {
  private Logging() {}

  /**
   * Sets it; to be called before anything logs.
   *
   * @param level of the project's own loggers, unless verbose
   */
  static void configure(String level, boolean verbose) {
    System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
    System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "yyyy-MM-dd HH:mm:ss.SSS");
    System.setProperty("org.slf4j.simpleLogger.showThreadName", "false");
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", verbose ? "info" : "warn");
    if (!verbose) {
      // It logs a port in use as an error with a stack trace; this command says it in a sentence.
      System.setProperty("org.slf4j.simpleLogger.log.io.javalin", "off");
    }
    // Under gonext.plugin are the plugins' own lines.
    System.setProperty("org.slf4j.simpleLogger.log.gonext", verbose ? "debug" : level);
    System.setProperty("org.slf4j.simpleLogger.log.io.gonext", verbose ? "debug" : level);
  }
}
