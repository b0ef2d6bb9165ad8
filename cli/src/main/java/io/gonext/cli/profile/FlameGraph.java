package io.gonext.cli.profile;

import io.gonext.host.PluginProfile;
import io.gonext.host.PluginProfile.Frame;
import io.gonext.host.PluginProfile.Stack;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A profile as one HTML page that loads nothing: a flame graph, a search, and a table. Names come
 * from the plugin; they are only ever text in it.
 */
final class FlameGraph {
  private static final int TABLE_ROWS = 200;

  /** A function below its callers. */
  private static final class Node {
    final int parent;
    final String name;
    final boolean isHost;
    final Map<String, Long> lines = new LinkedHashMap<>();
    final Map<String, Integer> children = new HashMap<>();
    long total;
    long own;

    Node(int parent, String name, boolean isHost) {
      this.parent = parent;
      this.name = name;
      this.isHost = isHost;
    }
  }

  private final PluginProfile profile;
  private final List<Node> nodes = new ArrayList<>();

  private FlameGraph(PluginProfile profile) {
    this.profile = profile;
    nodes.add(new Node(0, profile.plugin() + "@" + profile.version(), false));
    profile.stacks().forEach(this::add);
  }

  /** The page. */
  static byte[] page(PluginProfile profile) {
    return new FlameGraph(profile).page().getBytes(StandardCharsets.UTF_8);
  }

  private void add(Stack stack) {
    int at = 0;
    nodes.get(0).total += stack.weight();
    if (stack.isCut()) {
      at = child(at, new Frame("(callers that are not known)", null, 0, false), stack.weight());
    }
    for (Frame frame : stack.frames()) {
      at = child(at, frame, stack.weight());
    }
    Node leaf = nodes.get(at);
    leaf.own += stack.weight();
    Frame last = stack.frames().getLast();
    if (last.file() != null) {
      leaf.lines.merge(last.file() + ":" + last.line(), stack.weight(), Long::sum);
    }
  }

  private int child(int parent, Frame frame, long weight) {
    int index =
        nodes
            .get(parent)
            .children
            .computeIfAbsent(
                frame.function(),
                name -> {
                  nodes.add(new Node(parent, name, frame.isHost()));
                  return nodes.size() - 1;
                });
    nodes.get(index).total += weight;
    return index;
  }

  private String page() {
    String title = "Profile of " + profile.plugin() + "@" + profile.version();
    // One pass, so that nothing of the plugin is taken for a mark.
    var marks =
        Map.of(
            "TITLE",
            escaped(title),
            "SUMMARY",
            escaped(ProfileText.summary(profile)),
            "ROWS",
            rows(),
            "DATA",
            data());
    var page = new StringBuilder();
    String template = template();
    int at = 0;
    for (int mark = template.indexOf('@'); mark >= 0; mark = template.indexOf('@', mark + 1)) {
      int end = template.indexOf('@', mark + 1);
      String name = end < 0 ? "" : template.substring(mark + 1, end);
      if (marks.containsKey(name)) {
        page.append(template, at, mark).append(marks.get(name));
        at = end + 1;
        mark = end;
      }
    }
    return page.append(template, at, template.length()).toString();
  }

  private String rows() {
    var rows = new StringBuilder();
    long total = Math.max(1, profile.total());
    for (ProfileText.Row row : ProfileText.rows(profile).stream().limit(TABLE_ROWS).toList()) {
      rows.append(
          String.format(
              Locale.ROOT,
              "<tr><td class=\"number\">%,d</td><td class=\"number\">%.2f</td>"
                  + "<td class=\"number\">%.2f</td><td>%s</td></tr>%n",
              row.own(),
              100.0 * row.own() / total,
              100.0 * row.total() / total,
              escaped(row.function() + (row.isHost() ? " (host)" : ""))));
    }
    return rows.toString();
  }

  private String data() {
    ObjectNode data =
        JsonNodeFactory.instance
            .objectNode()
            .put("total", profile.total())
            .put("unit", ProfileText.unit(profile));
    Map<String, Integer> names = new LinkedHashMap<>();
    Map<String, Integer> places = new LinkedHashMap<>();
    ArrayNode all = data.putArray("nodes");
    for (Node node : nodes) {
      ArrayNode one = all.addArray();
      one.add(node.parent)
          .add(index(names, node.name))
          .add(node.total)
          .add(node.own)
          .add(node.isHost ? 1 : 0);
      ArrayNode lines = one.addArray();
      node.lines.entrySet().stream()
          .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
          .forEach(line -> lines.addArray().add(index(places, line.getKey())).add(line.getValue()));
    }
    names.keySet().forEach(data.putArray("names")::add);
    places.keySet().forEach(data.putArray("places")::add);
    // In a script, no text may end the element.
    return new String(StrictJson.write(data), StandardCharsets.UTF_8)
        .replace("<", "\\u003c")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029");
  }

  private static int index(Map<String, Integer> known, String text) {
    Integer index = known.putIfAbsent(text, known.size());
    return index == null ? known.size() - 1 : index;
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  private static String template() {
    try (InputStream in = FlameGraph.class.getResourceAsStream("flame.html")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
