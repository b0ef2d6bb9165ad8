package io.gonext.cli.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.cli.log.LogEvent;
import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.server.LogLevel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** A collector that does not take what it gets. */
@Timeout(60)
@Isolated("it replaces the JVM's log")
class CollectorTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicLong nanoTime = new AtomicLong(1);
  private final List<String> logged = new CopyOnWriteArrayList<>();
  private volatile String watched = "none yet";
  private ProcessLog log;
  private OtlpReceiver receiver;

  @BeforeEach
  void start() throws IOException {
    log = ProcessLog.start(LogFormat.TEXT, LogLevel.INFO, false, "1");
    log.listen(event -> {
      // An exporter of another test may still report its own collector.
      String text = text(event);
      if (event.logger().equals(Collector.class.getName()) && text.contains(watched)) {
        logged.add(text);
      }
    });
    receiver = OtlpReceiver.start();
    watched = receiver.url().toString();
  }

  @AfterEach
  void stop() {
    receiver.close();
  }

  private static String text(LogEvent event) {
    return event.level() + " " + event.message();
  }

  @Test
  void spans_beyond_the_queue_are_dropped_and_counted_and_close_ends() {
    receiver.answer(0);
    try (Telemetry telemetry = telemetry(receiver.url(), Duration.ofMillis(100))) {
      span(telemetry, 4000);
      assertThat(dropped("traces", "queue")).isBetween(4000.0 - 2048 - 2 * 512, 4000.0 - 2048);
    }
  }

  @Test
  void log_lines_beyond_the_queue_are_dropped_and_counted() {
    receiver.answer(0);
    try (Telemetry _ = telemetry(receiver.url(), Duration.ofMillis(100))) {
      for (int i = 0; i < 4000; i++) {
        org.slf4j.LoggerFactory.getLogger("io.gonext.many").info("line {}", i);
      }
      assertThat(dropped("logs", "queue")).isBetween(4000.0 - 2048 - 2 * 512, 4000.0 - 2048);
    }
  }

  @Test
  void the_log_says_once_that_exports_fail_and_once_that_they_work_again() {
    receiver.answer(400);
    try (Telemetry telemetry = telemetry(receiver.url(), Duration.ofSeconds(20))) {
      for (int i = 0; i < 5; i++) {
        span(telemetry, 1);
        flush(telemetry);
      }
      await().until(() -> dropped("traces", "export") == 5);
      assertThat(logged)
          .singleElement()
          .asString()
          .contains("WARN the collector", "takes no traces: it answered 400;");
      receiver.answer(200);
      span(telemetry, 1);
      flush(telemetry);
      await().until(() -> logged.size() == 2);
      assertThat(logged.get(1)).contains("takes traces again");
      receiver.answer(400);
      span(telemetry, 1);
      flush(telemetry);
      assertThat(logged).hasSize(2);
    }
  }

  @Test
  void a_collector_that_is_not_there_is_said_in_a_sentence() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    watched = "http://127.0.0.1:" + port;
    try (Telemetry telemetry =
        telemetry(URI.create("http://127.0.0.1:" + port), Duration.ofSeconds(20))) {
      span(telemetry, 1);
    }
    await().until(() -> !logged.isEmpty());
    assertThat(logged).first().asString().contains("it accepts no connection");
  }

  private Telemetry telemetry(URI url, Duration lastExport) {
    return Telemetry.start(url, meters, log, "1", nanoTime::get, lastExport);
  }

  private static void span(Telemetry telemetry, int number) {
    Tracer tracer = telemetry.openTelemetry().getTracer("test");
    for (int i = 0; i < number; i++) {
      tracer.spanBuilder("span").startSpan().end();
    }
  }

  private static void flush(Telemetry telemetry) {
    ((OpenTelemetrySdk) telemetry.openTelemetry())
        .getSdkTracerProvider()
        .forceFlush()
        .join(20, TimeUnit.SECONDS);
  }

  private double dropped(String signal, String reason) {
    return meters
        .get("gonext.otlp.dropped")
        .tags("signal", signal, "reason", reason)
        .counter()
        .count();
  }
}
