package io.gonext.cli.dev;

import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The loop's events as one JSON object a line, with an {@code event} each. Field names are stable;
 * fields may be added. Thread-safe.
 */
final class JsonOutput implements DevOutput {
  private final PrintWriter out;

  JsonOutput(PrintWriter out) {
    this.out = out;
  }

  @Override
  public synchronized void emit(DevEvent event) {
    Map<String, Object> fields = fields(event);
    out.println(new String(StrictJson.write(StrictJson.valueOf(fields)), StandardCharsets.UTF_8));
    out.flush();
  }

  private static Map<String, Object> fields(DevEvent event) {
    return switch (event) {
      case DevEvent.Detected e ->
          object("detected", "language", e.language().label(), "tool", e.tool());
      case DevEvent.HostReady e -> object("host", "message", e.message());
      case DevEvent.BuildStarted e ->
          object("build", "language", e.language().label(), "command", e.command().argv());
      case DevEvent.BuildOutput e -> object("output", "line", e.line());
      case DevEvent.Built e ->
          object("built", "path", e.path(), "bytes", e.bytes(), "ms", millis(e.took()));
      case DevEvent.BuildCancelled e -> object("cancelled");
      case DevEvent.Capabilities e ->
          object(
              "capabilities",
              "first",
              e.difference().isFirst(),
              "added",
              names(e.difference(), e.difference().isFirst() ? '=' : '+'),
              "removed",
              names(e.difference(), '-'));
      case DevEvent.Warning e -> object("warning", "message", e.message());
      case DevEvent.Live e -> live(e);
      case DevEvent.Watching e -> object("watching", "project", e.project(), "how", e.how());
      case DevEvent.Changed e -> object("changed", "paths", e.paths());
      case DevEvent.Skipped e -> object("skipped", "path", e.path());
      case DevEvent.Failed e ->
          object(
              "failed",
              "step",
              e.step(),
              "message",
              e.failure().getMessage(),
              "details",
              e.failure().details(),
              "ms",
              millis(e.took()),
              "serving",
              e.serving(),
              "exit_code",
              e.failure().kind().exitCode());
      case DevEvent.Log e -> object("log", "level", e.level(), "message", e.message());
      case DevEvent.LogsDropped e -> object("logs_dropped", "count", e.count());
      case DevEvent.LogsConnected e -> object("logs", "connected", e.isConnected());
      case DevEvent.Stopped e -> object("stopped", "message", e.message());
    };
  }

  private static Map<String, Object> live(DevEvent.Live live) {
    DevEvent.Timing timing = live.timing();
    Map<String, Object> fields =
        object(
            "live",
            "number",
            live.number(),
            "plugin",
            live.artifact().manifest().name(),
            "id",
            live.artifact().manifest().id(),
            "sha256",
            live.artifact().sha256(),
            "action",
            live.answer().action(),
            "confirmed",
            live.isConfirmed(),
            "recovered",
            live.isRecovery(),
            "manifest_only",
            timing.manifestOnly(),
            "debounce_ms",
            millis(timing.debounce()),
            "build_ms",
            millis(timing.build()),
            "check_ms",
            millis(timing.check()),
            "upload_ms",
            millis(timing.upload()),
            "swap_ms",
            millis(timing.swap()),
            "total_ms",
            millis(timing.total()));
    live.failedRequests().ifPresent(count -> fields.put("requests_failed", count));
    return fields;
  }

  private static List<String> names(CapabilityDifference difference, char sign) {
    return difference.lines().stream()
        .filter(entry -> entry.charAt(0) == sign)
        .map(entry -> entry.substring(2))
        .toList();
  }

  private static Map<String, Object> object(String event, Object... namesAndValues) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("event", event);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }

  /** With microseconds: an upload takes few milliseconds. */
  private static double millis(Duration duration) {
    return Math.round(duration.toNanos() / 1e3) / 1e3;
  }

  @Override
  public void close() {
    out.flush();
  }
}
