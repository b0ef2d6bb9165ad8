package io.gonext.cli.telemetry;

import com.google.protobuf.Message;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;

/** A collector for OTLP over HTTP, which reads what it gets by OpenTelemetry's own definitions. */
public final class OtlpReceiver implements AutoCloseable {
  private final List<Span> spans = new CopyOnWriteArrayList<>();
  private final List<Metric> metrics = new CopyOnWriteArrayList<>();
  private final List<LogRecord> logs = new CopyOnWriteArrayList<>();
  private final List<Resource> resources = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;

  /** Instead of 200; 0 for no answer at all. */
  private volatile int status = 200;

  private OtlpReceiver(HttpServer server) {
    this.server = server;
    server.setExecutor(threads);
    server.createContext("/", this::take);
    server.start();
  }

  public static OtlpReceiver start() throws IOException {
    return new OtlpReceiver(
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
  }

  public URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** What it answers from now on; 0 for nothing. */
  public void answer(int with) {
    status = with;
  }

  public List<Span> spans() {
    return spans;
  }

  public List<Metric> metrics() {
    return metrics;
  }

  public List<LogRecord> logs() {
    return logs;
  }

  public List<Resource> resources() {
    return resources;
  }

  public static String text(List<KeyValue> attributes, String key) {
    return attributes.stream()
        .filter(attribute -> attribute.getKey().equals(key))
        .map(attribute ->
            attribute.getValue().hasIntValue()
                ? Long.toString(attribute.getValue().getIntValue())
                : attribute.getValue().getStringValue())
        .findAny()
        .orElse("");
  }

  private void take(HttpExchange exchange) throws IOException {
    try (exchange;
        InputStream body = body(exchange)) {
      if (status == 0) {
        closed.await();
        return;
      }
      if (status != 200) {
        body.readAllBytes();
        exchange.sendResponseHeaders(status, -1);
        return;
      }
      Message answer =
          switch (exchange.getRequestURI().getPath()) {
            case "/v1/traces" -> traces(ExportTraceServiceRequest.parseFrom(body));
            case "/v1/metrics" -> metrics(ExportMetricsServiceRequest.parseFrom(body));
            case "/v1/logs" -> logs(ExportLogsServiceRequest.parseFrom(body));
            default -> throw new IOException(exchange.getRequestURI().toString());
          };
      exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
      exchange.sendResponseHeaders(200, answer.getSerializedSize() == 0 ? -1 : 0);
      answer.writeTo(exchange.getResponseBody());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static InputStream body(HttpExchange exchange) throws IOException {
    return "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))
        ? new GZIPInputStream(exchange.getRequestBody())
        : exchange.getRequestBody();
  }

  private Message traces(ExportTraceServiceRequest request) {
    request
        .getResourceSpansList()
        .forEach(group -> {
          resources.add(group.getResource());
          group.getScopeSpansList().forEach(scope -> spans.addAll(scope.getSpansList()));
        });
    return ExportTraceServiceResponse.getDefaultInstance();
  }

  private Message metrics(ExportMetricsServiceRequest request) {
    request
        .getResourceMetricsList()
        .forEach(group ->
            group.getScopeMetricsList().forEach(scope -> metrics.addAll(scope.getMetricsList())));
    return ExportMetricsServiceResponse.getDefaultInstance();
  }

  private Message logs(ExportLogsServiceRequest request) {
    request
        .getResourceLogsList()
        .forEach(group ->
            group.getScopeLogsList().forEach(scope -> logs.addAll(scope.getLogRecordsList())));
    return ExportLogsServiceResponse.getDefaultInstance();
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
