package io.gonext.host;

import java.time.Instant;
import tools.jackson.databind.JsonNode;

/**
 * An event that a plugin emitted in a call that succeeded.
 *
 * @param plugin the name of the plugin
 * @param version of the plugin
 * @param name as the plugin gave it, dotted lower case; unique in the plugin only
 * @param data a JSON object; the receiver's own copy
 * @param at when the plugin emitted it
 */
public record PluginEvent(String plugin, String version, String name, JsonNode data, Instant at) {
  private static final String PREFIX = "event.";

  /** The action of other plugins that receives this event; see {@link #hookOf}. */
  public String hook() {
    return hookOf(plugin, name);
  }

  /**
   * {@code event.<plugin>.<name>}, with {@code _} for each {@code -} of the plugin's name, because
   * the name of a hook has no hyphen. The name of a plugin has no {@code _} and no dot, so two
   * plugins never share a prefix.
   */
  public static String hookOf(String plugin, String name) {
    return PREFIX + plugin.replace('-', '_') + "." + name;
  }
}
