package io.gonext.server;

import io.gonext.host.AuditTrail;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The levels of loggers that operators changed while the server runs. A change may end by itself.
 * Each change and each end of one is in the audit log. A restart forgets all changes.
 *
 * <p>Thread-safe.
 */
final class LogLevels {
  static final int MAX_CHANGED = 64;
  static final Duration LONGEST = Duration.ofDays(7);

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_$-]+(\\.[A-Za-z0-9_$-]+)*");
  private static final int MAX_NAME_LENGTH = 200;

  private static final Pattern OWN = Pattern.compile("(io\\.)?gonext(\\..*)?");

  /** Instead of the number of a change: whichever there is. */
  private static final long ANY = 0;

  private static final String PLUGINS = "gonext.plugin.";

  private final LogBackend backend;
  private final AuditTrail audit;
  private final ScheduledExecutorService timer;
  private final InstantSource clock;

  /** Guarded by this, as is the next field. */
  private final Map<String, Change> changes = new TreeMap<>();

  private long made;

  /**
   * @param timer ends changes; the caller closes it
   */
  LogLevels(
      LogBackend backend, AuditTrail audit, ScheduledExecutorService timer, InstantSource clock) {
    this.backend = backend;
    this.audit = audit;
    this.timer = timer;
    this.clock = clock;
  }

  /**
   * A level that an operator set.
   *
   * @param number that no other change has
   * @param before the level that the logger had; empty for none of its own
   * @param until null for a change without an end
   */
  private record Change(
      long number,
      Optional<LogLevel> before,
      @Nullable Instant until,
      @Nullable ScheduledFuture<?> end) {}

  /**
   * A logger with a level of its own, or with one that an operator took from it.
   *
   * @param level empty where it takes the level of the logger above
   * @param changed whether an operator set it
   * @param before what it goes back to
   * @param until when it goes back; empty for not by itself
   */
  record View(
      Optional<LogLevel> level,
      boolean changed,
      Optional<LogLevel> before,
      Optional<Instant> until) {}

  /** All of them, by name. */
  synchronized Map<String, View> views() {
    Map<String, LogLevel> levels = backend.levels();
    Map<String, View> views = new TreeMap<>();
    TreeSet<String> names = new TreeSet<>(levels.keySet());
    names.addAll(changes.keySet());
    for (String name : names) {
      Change change = changes.get(name);
      views.put(
          name,
          new View(
              Optional.ofNullable(levels.get(name)),
              change != null,
              change == null ? Optional.empty() : change.before,
              change == null ? Optional.empty() : Optional.ofNullable(change.until)));
    }
    return views;
  }

  /**
   * Sets the level of a logger.
   *
   * @param time after which the logger goes back to the level that it had before all changes
   * @throws IllegalArgumentException with a sentence, if the logger may not have this level
   */
  void set(String logger, LogLevel level, Optional<Duration> time) {
    requireName(logger);
    if (!OWN.matcher(logger).matches() && level.compareTo(LogLevel.INFO) < 0) {
      throw new IllegalArgumentException(
          logger
              + " is not a logger of GoNext: give it info or a higher level, because the debug"
              + " lines of libraries may hold tokens and passwords");
    }
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    synchronized (this) {
      Change earlier = changes.get(logger);
      if (earlier == null && changes.size() >= MAX_CHANGED) {
        throw new IllegalArgumentException(
            MAX_CHANGED + " loggers have a changed level, which is the most: reset one first");
      }
      Optional<LogLevel> now = Optional.ofNullable(backend.levels().get(logger));
      cancel(earlier);
      long number = ++made;
      Instant until = time.map(clock.instant()::plus).orElse(null);
      ScheduledFuture<?> end =
          time.map(after ->
                  timer.schedule(
                      () -> expire(logger, number), after.toMillis(), TimeUnit.MILLISECONDS))
              .orElse(null);
      changes.put(logger, new Change(number, earlier == null ? now : earlier.before, until, end));
      backend.setLevel(logger, Optional.of(level));
      detail.put("logger", logger).put("from", label(now)).put("to", level.label());
      if (until != null) {
        detail.put("until", until.toString());
      }
    }
    audit.record(plugin(logger), "log_level", detail);
  }

  /** Sets levels as the start would; see {@link HttpServer#setLevels}. */
  synchronized void setBase(Map<String, Optional<LogLevel>> levels) {
    levels.forEach((logger, level) -> {
      Change change = changes.get(logger);
      if (change == null) {
        backend.setLevel(logger, level);
      } else {
        changes.put(logger, new Change(change.number, level, change.until, change.end));
      }
    });
  }

  /**
   * Gives a logger the level that it had before all changes.
   *
   * @return whether there was a change
   */
  boolean reset(String logger) {
    requireName(logger);
    return reset(logger, ANY);
  }

  private void expire(String logger, long number) {
    audit.recordedAs("host", () -> reset(logger, number));
  }

  private boolean reset(String logger, long number) {
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    synchronized (this) {
      Change change = changes.get(logger);
      if (change == null || (number != ANY && number != change.number)) {
        return false;
      }
      changes.remove(logger);
      cancel(change);
      Optional<LogLevel> now = Optional.ofNullable(backend.levels().get(logger));
      backend.setLevel(logger, change.before);
      detail.put("logger", logger).put("from", label(now)).put("to", label(change.before));
    }
    audit.record(plugin(logger), "log_level_reset", detail);
    return true;
  }

  private static void cancel(@Nullable Change change) {
    if (change != null && change.end != null) {
      change.end.cancel(false);
    }
  }

  private static String label(Optional<LogLevel> level) {
    return level.map(LogLevel::label).orElse("inherited");
  }

  private static String plugin(String logger) {
    return logger.startsWith(PLUGINS) ? logger.substring(PLUGINS.length()) : "";
  }

  private static void requireName(String logger) {
    if (logger.length() > MAX_NAME_LENGTH || !NAME.matcher(logger).matches()) {
      throw new IllegalArgumentException(
          "the name of a logger is root, a package or class such as io.gonext.host, or"
              + " gonext.plugin.NAME");
    }
  }
}
