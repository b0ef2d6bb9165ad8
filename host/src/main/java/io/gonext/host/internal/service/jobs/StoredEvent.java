package io.gonext.host.internal.service.jobs;

import io.gonext.host.PluginEvent;
import io.gonext.host.json.StrictJson;
import java.time.Instant;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A durable event as the argument of the job that delivers it. */
public final class StoredEvent {
  /** The actions of events begin with this, and no other action of a job does. */
  private static final String PREFIX = "event.";

  private StoredEvent() {}

  static JsonNode json(PluginEvent event, int depth) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("version", event.version()).put("name", event.name());
    json.put("at", event.at().toEpochMilli()).put("depth", depth);
    return json.set("data", event.data());
  }

  /** Whether a job that runs an action delivers an event. */
  public static boolean isOne(String action) {
    return action.startsWith(PREFIX);
  }

  /** How many events caused the event of a job, with itself. */
  public static int depth(List<JsonNode> args) {
    return args.getFirst().path("depth").asInt(1);
  }

  /** The event of a job. */
  public static PluginEvent of(String plugin, List<JsonNode> args) {
    JsonNode json = args.getFirst();
    return new PluginEvent(
        plugin,
        json.path("version").asString(""),
        json.path("name").asString(""),
        json.path("data"),
        Instant.ofEpochMilli(StrictJson.integer(json.get("at")).orElse(0)));
  }
}
