package io.gonext.cli.admin;

import io.gonext.host.manifest.ConfigSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A plugin's configuration in a file. */
final class FleetConfig {
  private FleetConfig() {}

  /** What is wrong with the values, a sentence each. Write-only values do not belong in a file. */
  static List<String> problems(ConfigSchema schema, ObjectNode values, String plugin) {
    List<String> problems = new ArrayList<>();
    for (String pointer : schema.hidden(values)) {
      String key = pointer.substring(1);
      problems.add(
          plugin
              + ": config"
              + pointer
              + " is write-only, so its value does not belong in a file: gonext config "
              + plugin
              + " "
              + key
              + "=-");
    }
    if (problems.isEmpty()) {
      schema.problems(values).stream()
          .filter(problem -> !isOfHidden(problem, schema))
          .map(problem -> plugin + ": config" + problem)
          .forEach(problems::add);
    }
    return problems;
  }

  /** A write-only value that the file does not have may be on the host. */
  private static boolean isOfHidden(String problem, ConfigSchema schema) {
    int end = problem.indexOf(": it is missing");
    return end > 1 && schema.isWriteOnly(problem.substring(problem.lastIndexOf('/', end) + 1, end));
  }

  /** The names of the values that differ. */
  static String changes(Optional<JsonNode> now, ObjectNode next) {
    Set<String> names = new TreeSet<>();
    next.properties()
        .forEach(field -> {
          JsonNode old = now.map(values -> values.get(field.getKey())).orElse(null);
          if (old == null || !old.equals(field.getValue())) {
            names.add(field.getKey());
          }
        });
    now.ifPresent(values ->
        values.propertyNames().stream().filter(name -> !next.has(name)).forEach(names::add));
    return String.join(", ", names);
  }
}
