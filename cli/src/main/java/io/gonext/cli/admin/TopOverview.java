package io.gonext.cli.admin;

import io.gonext.engine.PlainText;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a host and its plugins do at one moment. All text is fit for a terminal.
 *
 * @param plugins all that are installed, by name
 */
record TopOverview(Memory memory, List<Plugin> plugins) {
  TopOverview {
    plugins = List.copyOf(plugins);
  }

  /** In bytes; a budget of 0 is unknown. */
  record Memory(long heapUsed, long heapMax, long instances, long budget) {}

  /**
   * A plugin; the numbers are 0 while it does not serve.
   *
   * @param trouble what is wrong; empty when nothing is
   * @param p50Micros half of the calls of the last minutes took at most so long; -1 without calls
   * @param breaker the worst state of its circuit breakers
   */
  record Plugin(
      String name,
      String version,
      String state,
      String trouble,
      double callsPerSecond,
      long p50Micros,
      long p99Micros,
      long calls,
      long failures,
      String breaker,
      long inUse,
      long max,
      long waiting,
      long bytes) {
    boolean isBad() {
      return state.equals("ERRORED") || breaker.equals("open");
    }

    boolean needsAttention() {
      return !trouble.isEmpty() || !breaker.equals("closed") || waiting > 0;
    }

    boolean serves() {
      return max > 0;
    }
  }

  /** Asks a host: its plugins, each with its {@code activity} if it serves, and its memory. */
  static ObjectNode ask(AdminClient host) throws InterruptedException {
    JsonNode plugins = host.send("GET", "", new byte[0]).path("plugins");
    JsonNode activity = host.activity();
    Map<String, JsonNode> active = new HashMap<>();
    for (JsonNode plugin : activity.path("plugins")) {
      active.put(plugin.path("name").asString(""), plugin);
    }
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.set("memory", activity.path("memory"));
    ArrayNode merged = answer.putArray("plugins");
    for (JsonNode plugin : plugins) {
      ObjectNode one = merged.addObject();
      one.setAll((ObjectNode) plugin);
      JsonNode doing = active.get(plugin.path("name").asString(""));
      if (doing != null) {
        one.set("activity", doing);
      }
    }
    return answer;
  }

  /** Reads the answer of {@link #ask}. */
  static TopOverview of(JsonNode answer) {
    JsonNode memory = answer.path("memory");
    return new TopOverview(
        new Memory(
            memory.path("heap_used_bytes").asLong(0),
            memory.path("heap_max_bytes").asLong(0),
            memory.path("instances_bytes").asLong(0),
            memory.path("instances_budget_bytes").asLong(0)),
        answer.path("plugins").valueStream().map(TopOverview::plugin).toList());
  }

  private static Plugin plugin(JsonNode plugin) {
    JsonNode activity = plugin.path("activity");
    JsonNode pool = activity.path("pool");
    return new Plugin(
        text(plugin, "name"),
        text(plugin, "version"),
        text(plugin, "state"),
        PlainText.of(
            plugin.path("cause").asString(plugin.path("trouble").asString("")).replace('\t', ' ')),
        activity.path("calls_per_second").asDouble(0),
        activity.at("/times/p50_us").asLong(-1),
        activity.at("/times/p99_us").asLong(-1),
        activity.path("calls").asLong(0),
        activity.path("failures").asLong(0),
        activity.path("breaker").asString("closed"),
        pool.path("in_use").asLong(0),
        pool.path("max").asLong(0),
        pool.path("waiting").asLong(0),
        pool.path("bytes").asLong(0));
  }

  /** A field as one line for a terminal; empty when it is missing. */
  static String text(JsonNode node, String field) {
    return PlainText.of(node.path(field).asString("").replace('\t', ' '));
  }

  /** Such as {@code 12.5}, without digits that say nothing. */
  static String rate(double perSecond) {
    return perSecond == 0
        ? "0"
        : String.format(Locale.ROOT, perSecond < 100 ? "%.1f" : "%.0f", perSecond);
  }

  /** Such as {@code 850us}, {@code 1.2ms} or {@code 3.4s}; empty below zero. */
  static String time(long micros) {
    if (micros < 0) {
      return "";
    }
    if (micros < 1_000) {
      return micros + "us";
    }
    return micros < 1_000_000
        ? String.format(Locale.ROOT, micros < 100_000 ? "%.1fms" : "%.0fms", micros / 1e3)
        : String.format(Locale.ROOT, "%.1fs", micros / 1e6);
  }

  /** Such as {@code 64K} or {@code 1.5M}. */
  static String size(long bytes) {
    if (bytes == 0) {
      return "0";
    }
    double kib = bytes / 1024.0;
    if (kib < 1024) {
      return String.format(Locale.ROOT, "%.0fK", Math.max(1, kib));
    }
    double mib = kib / 1024;
    return mib < 1024
        ? String.format(Locale.ROOT, mib < 100 ? "%.1fM" : "%.0fM", mib)
        : String.format(Locale.ROOT, "%.1fG", mib / 1024);
  }
}
