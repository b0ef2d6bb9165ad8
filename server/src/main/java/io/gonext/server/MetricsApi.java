package io.gonext.server;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.eclipse.jetty.http.QuotedQualityCSV;
import org.jspecify.annotations.Nullable;

/**
 * The metrics, in the text of Prometheus or, for a client that prefers it, of OpenMetrics with
 * exemplars. Every caller may read them.
 */
final class MetricsApi {
  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN_METRICS_TEXT =
      "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private final PrometheusMeterRegistry metrics;

  MetricsApi(PrometheusMeterRegistry metrics) {
    this.metrics = metrics;
  }

  void addTo(RoutesConfig routes) {
    routes.get("/metrics", this::scrape);
  }

  private void scrape(Context ctx) throws IOException {
    String type = isOpenMetrics(ctx.header("Accept")) ? OPEN_METRICS_TEXT : PROMETHEUS_TEXT;
    boolean gzip = accepted(ctx.header("Accept-Encoding")).contains("gzip");
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (OutputStream out = gzip ? new GZIPOutputStream(body) : body) {
      metrics.scrape(out, type);
    }
    ctx.contentType(type).header("Vary", "Accept, Accept-Encoding");
    if (gzip) {
      ctx.header("Content-Encoding", "gzip");
    }
    ctx.result(body.toByteArray());
  }

  /** Whether a client asks for OpenMetrics before it asks for plain text, if it does at all. */
  private static boolean isOpenMetrics(@Nullable String accept) {
    for (String type : accepted(accept)) {
      String[] parts = type.split(";", -1);
      switch (parts[0].strip()) {
        case "application/openmetrics-text" -> {
          if (isVersionOne(parts)) {
            return true;
          }
        }
        case "text/plain", "text/*", "*/*" -> {
          return false;
        }
        default -> {
          // Prometheus lists formats that this host does not have.
        }
      }
    }
    return false;
  }

  private static boolean isVersionOne(String[] parts) {
    for (String part : parts) {
      String parameter = part.strip();
      if (parameter.startsWith("version=") && !parameter.equals("version=1.0.0")) {
        return false;
      }
    }
    return true;
  }

  /** What a header lists, best first, without what it excludes. */
  private static List<String> accepted(@Nullable String header) {
    if (header == null) {
      return List.of();
    }
    QuotedQualityCSV list = new QuotedQualityCSV();
    list.addValue(header.toLowerCase(Locale.ROOT));
    return list.getValues();
  }
}
