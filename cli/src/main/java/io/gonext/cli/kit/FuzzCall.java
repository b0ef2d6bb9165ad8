package io.gonext.cli.kit;

import io.gonext.host.PluginRequest;
import io.gonext.host.json.StrictJson;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One call of a plugin.
 *
 * @param target what is called
 * @param input what it is called with. Of a filter: {@code value} and {@code args}, an array; of an
 *     action: {@code args}; of a job: {@code args}, an object; of a route: the texts {@code query}
 *     and {@code body}, and the objects of texts {@code params} and {@code headers}
 */
record FuzzCall(Target target, ObjectNode input) {
  private static final Pattern PARAMETER = Pattern.compile("\\{([^}]*)}");

  /** What can be called. */
  enum Kind {
    FILTER,
    ACTION,
    ROUTE,
    JOB
  }

  /**
   * A hook, a route or a job.
   *
   * @param name of a route: method and path
   */
  record Target(Kind kind, String name) {
    /** As messages name it: {@code filter the_content}, {@code GET /items/{id}}. */
    @Override
    public String toString() {
      return switch (kind) {
        case FILTER -> "filter " + name;
        case ACTION -> "action " + name;
        case JOB -> "job " + name;
        case ROUTE -> name;
      };
    }
  }

  JsonNode value() {
    return input.path("value");
  }

  Object[] arguments() {
    return input.path("args").valueStream().toArray();
  }

  /** Whether the input has the form that its target takes: a shrunk one may not. */
  boolean isWellFormed() {
    return switch (target.kind) {
      case FILTER -> input.size() == 2 && input.has("value") && input.path("args").isArray();
      case ACTION -> input.size() == 1 && input.path("args").isArray();
      case JOB -> input.size() == 1 && input.path("args").isObject();
      case ROUTE ->
          input.size() == 4
              && input.path("query").isString()
              && input.path("body").isString()
              && areTexts(input.path("headers"))
              && areTexts(input.path("params"))
              && PARAMETER
                  .matcher(target.name)
                  .results()
                  .allMatch(
                      found -> !input.path("params").path(found.group(1)).asString("").isEmpty());
    };
  }

  private static boolean areTexts(JsonNode node) {
    return node.isObject() && node.valueStream().allMatch(JsonNode::isString);
  }

  PluginRequest request() {
    String[] parts = target.name.split(" ", 2);
    Map<String, String> headers = new TreeMap<>();
    input.path("headers").forEachEntry((name, text) -> headers.put(name, text.asString("")));
    return new PluginRequest(
        parts[0],
        path(parts[1]),
        input.path("query").asString(""),
        headers,
        input.path("body").asString("").getBytes(StandardCharsets.UTF_8));
  }

  private String path(String pattern) {
    Matcher parameters = PARAMETER.matcher(pattern);
    return parameters.replaceAll(found ->
        Matcher.quoteReplacement(encoded(input.path("params").path(found.group(1)).asString(""))));
  }

  /** One segment of a path, percent-encoded. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** The arguments of {@code gonext plugin call PLUGIN} that make it. */
  String commandLine() {
    StringBuilder line = new StringBuilder();
    switch (target.kind) {
      case FILTER -> {
        line.append("filter ").append(target.name).append(" --value ").append(quoted(value()));
        input.path("args").forEach(arg -> line.append(" --arg ").append(quoted(arg)));
      }
      case ACTION -> {
        line.append("action ").append(target.name);
        input.path("args").forEach(arg -> line.append(" --arg ").append(quoted(arg)));
      }
      case JOB ->
          line.append("job ")
              .append(target.name)
              .append(" --value ")
              .append(quoted(input.path("args")));
      case ROUTE -> {
        PluginRequest request = request();
        String query = request.query().isEmpty() ? "" : "?" + request.query();
        line.append(request.method()).append(' ').append(quoted(request.path() + query));
        request
            .headers()
            .forEach((name, text) -> line.append(" --header ").append(quoted(name + ": " + text)));
        if (request.body().length > 0) {
          line.append(" --body ").append(quoted(input.path("body").asString("")));
        }
      }
    }
    return line.toString();
  }

  private static String quoted(JsonNode json) {
    return quoted(new String(StrictJson.write(json), StandardCharsets.UTF_8));
  }

  /** For a shell. */
  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
