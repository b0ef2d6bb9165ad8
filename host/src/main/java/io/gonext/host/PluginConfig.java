package io.gonext.host;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configuration of a plugin as an operator sees it.
 *
 * @param plugin its name
 * @param version of the configuration: 0 before the first change; each change raises it by one
 * @param values what operators have set, without the values of write-only properties
 * @param hidden JSON pointers of the write-only properties that have a value
 * @param effective what the plugin reads: the values with the schema's defaults, again without
 *     write-only properties
 * @param problems why the values do not match the schema of the version in service; usually none
 * @param warnings of values that the schema accepts and does not name
 * @param schema the JSON Schema of the version in service
 */
public record PluginConfig(
    String plugin,
    long version,
    ObjectNode values,
    List<String> hidden,
    ObjectNode effective,
    List<String> problems,
    List<String> warnings,
    JsonNode schema) {
  public PluginConfig {
    hidden = List.copyOf(hidden);
    problems = List.copyOf(problems);
    warnings = List.copyOf(warnings);
  }
}
