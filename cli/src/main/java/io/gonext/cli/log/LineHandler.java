package io.gonext.cli.log;

import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.ErrorManager;
import java.util.logging.Handler;
import java.util.logging.LogRecord;

/**
 * Writes what is logged to a stream, each event at once, keeps the last lines, and passes the
 * events on. Thread-safe.
 */
final class LineHandler extends Handler {
  private final LogLines lines;
  private final Supplier<PrintStream> out;
  private final RecentLines recent;
  private final List<Consumer<LogEvent>> listeners = new CopyOnWriteArrayList<>();

  /**
   * @param out asked for each event, since a test may replace it
   */
  LineHandler(LogLines lines, Supplier<PrintStream> out, RecentLines recent) {
    this.lines = lines;
    this.out = out;
    this.recent = recent;
  }

  /** See {@link ProcessLog#listen}. */
  Runnable listen(Consumer<LogEvent> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public void publish(LogRecord written) {
    if (!isLoggable(written)) {
      return;
    }
    try {
      LogEvent event = LogEvent.of(written);
      String line = lines.line(event);
      recent.add(line);
      out.get().println(line);
      listeners.forEach(listener -> listener.accept(event));
    } catch (RuntimeException e) {
      // Whoever logs goes on.
      reportError(null, e, ErrorManager.WRITE_FAILURE);
    }
  }

  @Override
  public void flush() {
    out.get().flush();
  }

  @Override
  public void close() {
    flush();
  }
}
