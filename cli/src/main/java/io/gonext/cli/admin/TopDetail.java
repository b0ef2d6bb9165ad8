package io.gonext.cli.admin;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What one plugin does at one moment. All text is fit for a terminal.
 *
 * @param instances the state of each instance, as the host names it
 * @param waitsMicros how long each caller that waits has waited, the first 100 at most
 * @param callsPerSecond of the last 15 minutes, the oldest first
 * @param calls the last calls that were slow, late or failed, the newest first
 */
record TopDetail(
    String name,
    List<Handler> handlers,
    List<String> instances,
    List<Long> waitsMicros,
    List<Double> callsPerSecond,
    List<Call> calls) {
  /** A hook, route or job. */
  record Handler(
      String kind,
      String name,
      double callsPerSecond,
      long p50Micros,
      long p99Micros,
      long calls,
      long failures,
      String breaker) {}

  /** A call that was slow, late or failed. */
  record Call(String at, String handler, String outcome, long tookMicros, String reason) {}

  /**
   * Asks a host for a plugin in service.
   *
   * @throws AdminException with the status 404 or 409 when it is not in service
   */
  static TopDetail ask(AdminClient host, String plugin) throws InterruptedException {
    JsonNode activity = host.activity(plugin);
    JsonNode calls = host.calls("?plugin=" + plugin).path("calls");
    return new TopDetail(
        plugin,
        activity.path("handlers").valueStream().map(TopDetail::handler).toList(),
        activity
            .path("instances")
            .valueStream()
            .map(instance -> instance.path("state").asString(""))
            .toList(),
        activity.path("waits_us").valueStream().map(wait -> wait.asLong(0)).toList(),
        activity
            .path("history")
            .valueStream()
            .map(point -> point.path("calls_per_second").asDouble(0))
            .toList(),
        calls.valueStream().map(TopDetail::call).toList().reversed());
  }

  private static Handler handler(JsonNode handler) {
    return new Handler(
        TopOverview.text(handler, "kind"),
        TopOverview.text(handler, "name"),
        handler.path("calls_per_second").asDouble(0),
        handler.at("/times/p50_us").asLong(-1),
        handler.at("/times/p99_us").asLong(-1),
        handler.path("calls").asLong(0),
        handler.path("failures").asLong(0),
        TopOverview.text(handler, "breaker"));
  }

  private static Call call(JsonNode call) {
    return new Call(
        TopOverview.text(call, "at"),
        TopOverview.text(call, "handler"),
        TopOverview.text(call, "outcome"),
        call.path("took_us").asLong(0),
        TopOverview.text(call, "reason"));
  }
}
