package io.gonext.pool;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What the pool logged during a test. */
final class Logs extends Handler implements BeforeEachCallback, AfterEachCallback {

  private static final Logger POOL = Logger.getLogger("io.gonext.pool");

  private final List<LogRecord> records = new CopyOnWriteArrayList<>();

  List<String> messages() {
    return records.stream().map(LogRecord::getMessage).toList();
  }

  /** The stack traces that were logged. */
  List<String> traces() {
    return records.stream()
        .map(LogRecord::getThrown)
        .filter(Objects::nonNull)
        .map(thrown -> {
          StringWriter text = new StringWriter();
          thrown.printStackTrace(new PrintWriter(text));
          return text.toString();
        })
        .toList();
  }

  @Override
  public void publish(LogRecord record) {
    records.add(record);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    POOL.addHandler(this);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    POOL.removeHandler(this);
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
