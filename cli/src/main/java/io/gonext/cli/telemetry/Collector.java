package io.gonext.cli.telemetry;

import io.gonext.engine.PlainText;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.exporter.internal.FailedExportException.HttpExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the host knows of its collector: whether it takes what is exported, and what was lost. The
 * log has a line when exports begin to fail and one when they work again, and at most one a minute.
 *
 * <p>Thread-safe.
 */
final class Collector {
  private static final Logger log = LoggerFactory.getLogger(Collector.class);

  private static final long QUIET_NANOS = Duration.ofMinutes(1).toNanos();
  private static final int MAX_REASON_CHARS = 200;

  private final URI url;
  private final MeterRegistry meters;
  private final LongSupplier nanoTime;

  /** The signal whose failure the log has; null for none. Guarded by this, as are those below. */
  private @Nullable Signal told;

  private boolean toldBefore;
  private long toldAt;

  /** Records that were lost since the log had a line. */
  private long lost;

  Collector(URI url, MeterRegistry meters, LongSupplier nanoTime) {
    this.url = url;
    this.meters = meters;
    this.nanoTime = nanoTime;
    // So that the series are there before anything is lost.
    for (Signal signal : Signal.values()) {
      var _ = dropped(signal, "export");
    }
  }

  /** The records that wait for one signal's export. */
  Backlog backlog(Signal signal, int limit) {
    return new Backlog(limit, dropped(signal, "queue"));
  }

  private Counter dropped(Signal signal, String reason) {
    return Counter.builder("gonext.otlp.dropped")
        .description("Spans, log lines and exports of metrics that the collector did not get")
        .tag("signal", signal.label())
        .tag("reason", reason)
        .register(meters);
  }

  /**
   * Watches an export.
   *
   * @param records that are lost if it fails
   */
  CompletableResultCode watch(Signal signal, int records, CompletableResultCode export) {
    return export.whenComplete(() -> {
      if (export.isSuccess()) {
        works(signal);
      } else {
        fails(signal, records, export.getFailureThrowable());
      }
    });
  }

  private void works(Signal signal) {
    long lostBefore;
    synchronized (this) {
      if (told != signal) {
        return;
      }
      told = null;
      lostBefore = lost;
      lost = 0;
    }
    log.info(
        "the collector {} takes {} again; it did not get {} spans, log lines and exports",
        url,
        signal.label(),
        lostBefore);
  }

  private void fails(Signal signal, int records, @Nullable Throwable failure) {
    dropped(signal, "export").increment(records);
    synchronized (this) {
      lost += records;
      long now = nanoTime.getAsLong();
      if (told != null || (toldBefore && now - toldAt < QUIET_NANOS)) {
        return;
      }
      told = signal;
      toldBefore = true;
      toldAt = now;
    }
    log.warn(
        "the collector {} takes no {}: {}; until it does, spans and log lines are dropped and"
            + " counted in gonext_otlp_dropped_total",
        url,
        signal.label(),
        reason(failure));
  }

  private static String reason(@Nullable Throwable failure) {
    String reason = "the export failed";
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case UnresolvedAddressException _ -> {
          return "its name has no address";
        }
        case HttpTimeoutException _ -> {
          return "it did not answer in time";
        }
        case HttpExportException answered when answered.getResponse() != null ->
            reason = "it answered " + answered.getResponse().getStatusCode();
        case ConnectException _ -> reason = "it accepts no connection";
        default -> {
          String message = cause.getMessage();
          // The deepest one says most, except for a connection that was closed.
          if (message != null && !(cause.getCause() == null && reason.startsWith("it "))) {
            reason = PlainText.of(message, MAX_REASON_CHARS);
          }
        }
      }
    }
    return reason;
  }
}
