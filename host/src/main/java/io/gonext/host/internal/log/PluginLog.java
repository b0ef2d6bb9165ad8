package io.gonext.host.internal.log;

import io.gonext.engine.PlainText;
import io.gonext.host.LogListener;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.helpers.NOPLogger;

/**
 * Writes a plugin's log lines to the logger {@code gonext.plugin.<name>}. A plugin cannot fill the
 * disk: lines beyond a limit per second are dropped, and the log says how many. A plugin cannot
 * forge a line: control characters are escaped.
 *
 * <p>Thread-safe.
 */
public final class PluginLog {
  /** How many lines of one plugin are kept in a second. */
  static final int LINES_PER_SECOND = 200;

  private static final long SECOND_NANOS = 1_000_000_000L;

  private final Logger log;
  private final LongSupplier nanoTime;
  private final Supplier<Level> least;
  private final LogListener listener;
  private final AtomicLong windowStart;
  private final AtomicInteger linesInWindow = new AtomicInteger();

  /** The logger of a plugin. */
  static Logger loggerOf(String plugin) {
    return LoggerFactory.getLogger("gonext.plugin." + plugin);
  }

  /**
   * @param least lines below this level are dropped without being counted
   * @param listener gets the lines that are kept
   */
  PluginLog(Logger log, LongSupplier nanoTime, Supplier<Level> least, LogListener listener) {
    this.listener = listener;
    this.least = least;
    this.log = log;
    this.nanoTime = nanoTime;
    this.windowStart = new AtomicLong(nanoTime.getAsLong());
  }

  /** A log that keeps nothing, for guests whose calls have no effects. */
  public static PluginLog discarding() {
    return new PluginLog(NOPLogger.NOP_LOGGER, () -> 0, () -> Level.ERROR, (level, line) -> {});
  }

  /** Writes a guest's line, or drops it if there were too many in this second. */
  public void write(Level level, String text) {
    if (level.toInt() < least.get().toInt()) {
      return;
    }
    long now = nanoTime.getAsLong();
    long start = windowStart.get();
    if (now - start >= SECOND_NANOS && windowStart.compareAndSet(start, now)) {
      int dropped = linesInWindow.getAndSet(0) - LINES_PER_SECOND;
      if (dropped > 0) {
        log.warn("{} log lines dropped: more than {} in a second", dropped, LINES_PER_SECOND);
      }
    }
    if (linesInWindow.incrementAndGet() <= LINES_PER_SECOND) {
      String line = PlainText.of(text);
      log.atLevel(level).log(line);
      listener.line(level, line);
    }
  }
}
