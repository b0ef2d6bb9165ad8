package io.gonext.host.manifest;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the schema cannot say of a manifest's metrics: that their names stay apart in Prometheus'
 * text, and that there are not too many series.
 */
final class MetricsCheck {
  /** Of all metrics of a plugin together. */
  static final int MAX_SERIES = 1_000;

  /**
   * Endings that Prometheus, its client or Micrometer give a meaning. The host or a client appends
   * some of them, and takes others away, so that two metrics of different names would become one.
   */
  private static final List<String> ENDINGS =
      List.of("total", "created", "info", "bucket", "count", "sum", "max");

  private static final Set<String> LABELS_OF_HOST = Set.of("plugin", "le", "quantile");

  private MetricsCheck() {}

  /** Also reads metrics that break the schema, and leaves that to the schema. */
  static void addProblems(JsonNode metrics, List<ManifestProblem> problems) {
    Set<String> seen = new HashSet<>();
    double series = 0;
    int i = 0;
    for (JsonNode metric : metrics) {
      String pointer = "/metrics/" + i++;
      String name = metric.path("name").asString("");
      if (!name.isEmpty() && !seen.add(name)) {
        problems.add(
            new ManifestProblem(pointer, name + " is listed twice", "each metric once", null));
      }
      String ending = ending(name);
      if (ending != null) {
        problems.add(
            new ManifestProblem(
                pointer + "/name",
                ManifestSchema.found(metric.get("name")),
                "a name without the ending " + ending + ", which Prometheus' clients add or remove",
                null));
      }
      addLabels(metric.path("labels"), pointer + "/labels/", problems);
      series += series(metric);
    }
    if (series > MAX_SERIES) {
      problems.add(
          new ManifestProblem(
              "/metrics",
              "%.0f series".formatted(series),
              MAX_SERIES
                  + " series at most: give labels fewer values, or metrics fewer labels; a summary"
                  + " counts three times",
              null));
    }
  }

  private static @Nullable String ending(String name) {
    for (String ending : ENDINGS) {
      if (name.equals(ending)) {
        return ending;
      }
      if (name.endsWith("_" + ending)) {
        return "_" + ending;
      }
    }
    return null;
  }

  private static void addLabels(JsonNode labels, String below, List<ManifestProblem> problems) {
    Set<String> seen = new HashSet<>();
    int i = 0;
    for (JsonNode label : labels) {
      String pointer = below + i++ + "/name";
      String name = label.path("name").asString("");
      if (LABELS_OF_HOST.contains(name)) {
        problems.add(
            new ManifestProblem(
                pointer, name + " is a label of the host or of Prometheus", "another name", null));
      } else if (!name.isEmpty() && !seen.add(name)) {
        problems.add(
            new ManifestProblem(pointer, name + " is listed twice", "each label once", null));
      }
    }
  }

  private static double series(JsonNode metric) {
    double series = metric.path("kind").asString("").equals("summary") ? 3 : 1;
    for (JsonNode label : metric.path("labels")) {
      series *= Math.max(1, label.path("values").size());
    }
    return series;
  }
}
