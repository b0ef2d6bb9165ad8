package io.gonext.cli.dev;

import io.gonext.cli.output.Backtrace;
import io.gonext.cli.output.JsonLines;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.manifest.Reach;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints events as JSON, one object with a field {@code event} on each line. Thread-safe. */
final class JsonOutput implements DevOutput {
  private final JsonLines lines;

  JsonOutput(PrintWriter out) {
    lines = new JsonLines(out);
  }

  @Override
  public void emit(DevEvent event) {
    lines.print(fields(event));
  }

  private static Map<String, Object> fields(DevEvent event) {
    return switch (event) {
      case DevEvent.Detected e ->
          JsonLines.event("detected", "language", e.language().label(), "tool", e.tool());
      case DevEvent.HostReady e -> JsonLines.event("host", "message", e.message());
      case DevEvent.BuildStarted e ->
          JsonLines.event("build", "language", e.language().label(), "command", e.command().argv());
      case DevEvent.BuildOutput e -> JsonLines.event("output", "line", e.line());
      case DevEvent.Built e ->
          JsonLines.event(
              "built", "path", e.path(), "bytes", e.bytes(), "ms", JsonLines.millis(e.took()));
      case DevEvent.BuildCancelled e -> JsonLines.event("cancelled");
      case DevEvent.Capabilities e ->
          JsonLines.event(
              "capabilities",
              "first",
              e.isFirst(),
              "added",
              names(e, e.isFirst() ? CapabilityChanges.Kind.KEPT : CapabilityChanges.Kind.ADDED),
              "removed",
              names(e, CapabilityChanges.Kind.REMOVED),
              "wider",
              e.wider().stream().map(Reach.Way::toString).toList());
      case DevEvent.Warning e -> JsonLines.event("warning", "message", e.message());
      case DevEvent.Live e -> live(e);
      case DevEvent.Watching e ->
          JsonLines.event(
              "watching", "project", e.project(), "outside", e.outside(), "how", e.how());
      case DevEvent.Changed e -> JsonLines.event("changed", "paths", e.paths());
      case DevEvent.Skipped e -> JsonLines.event("skipped", "path", e.path());
      case DevEvent.Failed e ->
          JsonLines.event(
              "failed",
              "step",
              e.step(),
              "message",
              e.failure().getMessage(),
              "details",
              e.failure().details(),
              "ms",
              JsonLines.millis(e.took()),
              "serving",
              e.serving(),
              "exit_code",
              e.failure().kind().exitCode());
      case DevEvent.Tested e ->
          JsonLines.event(
              "tested",
              "passed",
              e.count() - e.failed().size(),
              "failed",
              e.failed().stream()
                  .map(ran ->
                      JsonLines.fields(
                          "name", ran.outcome().name(), "problems", ran.outcome().problems()))
                  .toList(),
              "ms",
              JsonLines.millis(e.took()));
      case DevEvent.Log e -> JsonLines.event("log", "level", e.level(), "message", e.message());
      case DevEvent.CallFailed e ->
          JsonLines.event(
              "call_failed",
              "hook",
              e.hook(),
              "code",
              e.code(),
              "message",
              e.message(),
              "backtrace",
              Backtrace.fields(e.backtrace()));
      case DevEvent.TrapReplayed e ->
          JsonLines.event(
              "trap_replayed",
              "hook",
              e.hook(),
              "code",
              e.code(),
              "end",
              e.end().name().toLowerCase(Locale.ROOT),
              "detail",
              e.detail());
      case DevEvent.LogsDropped e -> JsonLines.event("logs_dropped", "count", e.count());
      case DevEvent.LogsConnected e -> JsonLines.event("logs", "connected", e.isConnected());
      case DevEvent.Stopped e -> JsonLines.event("stopped", "message", e.message());
    };
  }

  private static Map<String, Object> live(DevEvent.Live live) {
    DevEvent.Timing timing = live.timing();
    Map<String, Object> fields =
        JsonLines.event(
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
            JsonLines.millis(timing.debounce()),
            "build_ms",
            JsonLines.millis(timing.build()),
            "check_ms",
            JsonLines.millis(timing.check()),
            "upload_ms",
            JsonLines.millis(timing.upload()),
            "swap_ms",
            JsonLines.millis(timing.swap()),
            "total_ms",
            JsonLines.millis(timing.total()));
    live.failedRequests().ifPresent(count -> fields.put("requests_failed", count));
    return fields;
  }

  private static List<String> names(
      DevEvent.Capabilities capabilities, CapabilityChanges.Kind kind) {
    return capabilities.changes().stream()
        .filter(change -> change.kind() == kind)
        .map(CapabilityChanges.Change::capability)
        .toList();
  }

  @Override
  public void close() {
    // Every line is already flushed.
  }
}
