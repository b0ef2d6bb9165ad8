package io.gonext.cli.log;

import io.gonext.server.LogBackend;
import io.gonext.server.LogLevel;
import java.io.PrintStream;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/**
 * The log of this process: the JDK's, to which SLF4J passes what GoNext logs, and to which some
 * libraries log directly. It writes to one stream.
 *
 * <p>Thread-safe.
 */
public final class ProcessLog implements LogBackend {
  /** The JDK's root logger has no name. */
  private static final String ROOT = "";

  private final RecentLines recent = new RecentLines();

  /**
   * The loggers with a level of their own. The JDK holds a logger weakly, and forgets its level
   * with it.
   */
  private final Map<String, Logger> leveled = new ConcurrentHashMap<>();

  private final Logger root = Logger.getLogger(ROOT);
  private final LineHandler handler;

  private ProcessLog(LogLines lines, Supplier<PrintStream> out) {
    for (Handler other : root.getHandlers()) {
      root.removeHandler(other);
    }
    handler = new LineHandler(lines, out, recent);
    handler.setLevel(Level.ALL);
    root.addHandler(handler);
  }

  /**
   * The JDK's log manager without its configuration file, and without the reset when the JVM ends:
   * that would lose what is logged while the host closes.
   */
  public static final class JdkLogs extends LogManager {
    @Override
    public void readConfiguration() {
      // ProcessLog configures it.
    }

    @Override
    public void reset() {
      // See above.
    }
  }

  /** To be called before anything logs: the JDK asks for its log manager once. */
  public static void prepare() {
    System.setProperty("java.util.logging.manager", JdkLogs.class.getName());
  }

  /**
   * A log on stderr.
   *
   * @param level of GoNext's own loggers and of plugins, unless verbose
   * @param version of the host, for {@link LogFormat#JSON}
   */
  public static ProcessLog start(
      LogFormat format, LogLevel level, boolean verbose, String version) {
    ProcessLog log =
        new ProcessLog(new LogLines(format, ZoneId.systemDefault(), version), () -> System.err);
    levels(level, verbose).forEach(log::setLevel);
    return log;
  }

  /**
   * The levels that a log starts with, by logger; empty for that of the logger above.
   *
   * @param level of GoNext's own loggers and of plugins, unless verbose
   */
  public static Map<String, Optional<LogLevel>> levels(LogLevel level, boolean verbose) {
    LogLevel own = verbose ? LogLevel.DEBUG : level;
    return Map.of(
        "root",
        Optional.of(verbose ? LogLevel.INFO : LogLevel.WARN),
        // It logs a port in use as an error with a stack trace; this command says it in a sentence.
        "io.javalin",
        quiet(verbose, LogLevel.OFF),
        // It logs a connection that broke with a stack trace; the store says what was lost.
        "com.zaxxer.hikari.pool",
        quiet(verbose, LogLevel.ERROR),
        // It logs each poll of a store that is lost with a stack trace.
        "com.github.kagkarlsson.scheduler.RunAndLogErrors",
        quiet(verbose, LogLevel.OFF),
        // The plugins' own lines, which an earlier log may have silenced.
        "gonext.plugin",
        Optional.empty(),
        "gonext",
        Optional.of(own),
        "io.gonext",
        Optional.of(own));
  }

  private static Optional<LogLevel> quiet(boolean verbose, LogLevel level) {
    return verbose ? Optional.empty() : Optional.of(level);
  }

  /** A log of other libraries' errors, for commands that print everything else themselves. */
  public static void startSilent(String version) {
    ProcessLog log =
        new ProcessLog(
            new LogLines(LogFormat.TEXT, ZoneId.systemDefault(), version), () -> System.err);
    log.setLevel("root", Optional.of(LogLevel.ERROR));
    log.setLevel("gonext.plugin", Optional.of(LogLevel.OFF));
    log.setLevel("io.gonext", Optional.of(LogLevel.OFF));
    // It asks to restore backups; the command's own sentence says what failed.
    log.setLevel("org.flywaydb", Optional.of(LogLevel.OFF));
  }

  /**
   * Passes each event that is written to a listener.
   *
   * @param listener called by the threads that log: it must not wait, throw or log
   * @return ends this
   */
  public Runnable listen(Consumer<LogEvent> listener) {
    return handler.listen(listener);
  }

  @Override
  public Map<String, LogLevel> levels() {
    Map<String, LogLevel> levels = new TreeMap<>();
    leveled.forEach((name, logger) -> {
      Level level = logger.getLevel();
      if (level != null) {
        levels.put(name, level(level));
      }
    });
    return levels;
  }

  @Override
  public void setLevel(String name, Optional<LogLevel> level) {
    Logger logger = name.equals("root") ? root : Logger.getLogger(name);
    logger.setLevel(level.map(ProcessLog::jdk).orElse(null));
    if (level.isPresent()) {
      leveled.put(name, logger);
    } else {
      leveled.remove(name);
    }
  }

  @Override
  public List<String> recentLines() {
    return recent.list();
  }

  private static LogLevel level(Level level) {
    return level.equals(Level.OFF) ? LogLevel.OFF : LogLevel.valueOf(Levels.of(level).name());
  }

  private static Level jdk(LogLevel level) {
    return switch (level) {
      case TRACE -> Level.FINEST;
      case DEBUG -> Level.FINE;
      case INFO -> Level.INFO;
      case WARN -> Level.WARNING;
      case ERROR -> Level.SEVERE;
      case OFF -> Level.OFF;
    };
  }
}
