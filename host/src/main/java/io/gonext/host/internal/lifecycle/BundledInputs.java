package io.gonext.host.internal.lifecycle;

import io.gonext.engine.PlainText;
import io.gonext.host.PluginRequest;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.internal.abi.HookCodec;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.route.RouteCodec;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.internal.route.RouteTable;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Hook;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/**
 * The inputs in a bundle's {@code warmup/*.json}, with which a version is exercised that has no
 * recent ones. Each file is one call of a filter, an action or a route:
 *
 * <pre>{@code
 * {"filter": "the_content", "value": "Hello *world*", "args": []}
 * {"action": "save_post", "args": [42]}
 * {"route": "POST /posts?draft=1", "headers": {"Content-Type": "text/plain"}, "body": "text"}
 * }</pre>
 */
public final class BundledInputs {
  static final int MAX_FILES = 32;

  /** Of all files together. */
  static final int MAX_BYTES = 256 * 1024;

  private static final Pattern NAME =
      Pattern.compile(Pattern.quote(Bundle.WARM_UP) + "[A-Za-z0-9][A-Za-z0-9._-]{0,99}\\.json");

  private static final Map<String, Set<String>> FIELDS =
      new TreeMap<>(
          Map.of(
              "filter", Set.of("filter", "value", "args"),
              "action", Set.of("action", "args"),
              "route", Set.of("route", "headers", "body", "body_base64")));

  private final Manifest manifest;
  private final RouteTable routes;
  private final RouteHeaders headers;
  private final List<String> problems = new ArrayList<>();

  private BundledInputs(Manifest manifest) {
    this.manifest = manifest;
    this.routes = new RouteTable(manifest.routes());
    // Headers that take a capability are left out, as they are before a grant.
    this.headers = new RouteHeaders(manifest, Permissions.none(), _ -> {}, System::nanoTime);
  }

  /**
   * What is wrong with these files, a sentence each.
   *
   * @param files the bundle's, by name; others are ignored
   */
  public static List<String> problems(Manifest manifest, Map<String, byte[]> files) {
    BundledInputs inputs = new BundledInputs(manifest);
    var _ = inputs.read(files);
    return List.copyOf(inputs.problems);
  }

  /** The inputs in a bundle that was found to have no problems. */
  static List<WarmUp.Input> of(Bundle bundle) {
    return new BundledInputs(bundle.manifest()).read(bundle.warmUpFiles());
  }

  private List<WarmUp.Input> read(Map<String, byte[]> files) {
    Map<String, byte[]> own = new TreeMap<>();
    files.forEach((name, content) -> {
      if (name.startsWith(Bundle.WARM_UP)) {
        own.put(name, content);
      }
    });
    long bytes = own.values().stream().mapToLong(content -> content.length).sum();
    List<WarmUp.Input> inputs = new ArrayList<>();
    if (own.size() > MAX_FILES || bytes > MAX_BYTES) {
      problems.add(
          "%s: %d files of %d bytes; allowed: %d files, and %d bytes together"
              .formatted(Bundle.WARM_UP, own.size(), bytes, MAX_FILES, MAX_BYTES));
      return inputs;
    }
    own.forEach((name, content) -> {
      try {
        inputs.add(input(name, content));
      } catch (BadInputException e) {
        problems.add(PlainText.of(name) + ": " + e.getMessage());
      }
    });
    return inputs;
  }

  /** A file that is not an input; the message says why. */
  private static final class BadInputException extends Exception {
    private static final long serialVersionUID = 1L;

    BadInputException(String message) {
      super(message);
    }
  }

  private WarmUp.Input input(String name, byte[] content) throws BadInputException {
    if (!NAME.matcher(name).matches()) {
      throw new BadInputException(
          "not the name of an input; allowed: names such as " + Bundle.WARM_UP + "first.json");
    }
    JsonNode json;
    try {
      json = StrictJson.parse(content);
    } catch (InvalidJsonException e) {
      throw new BadInputException("not JSON: " + e.getMessage());
    }
    List<String> kinds = FIELDS.keySet().stream().filter(json::has).toList();
    if (!json.isObject() || kinds.size() != 1) {
      throw new BadInputException(
          "not a call: give an object with one of \"filter\", \"action\" and \"route\"");
    }
    String kind = kinds.getFirst();
    Set<String> allowed = FIELDS.getOrDefault(kind, Set.of());
    for (String field : json.propertyNames()) {
      if (!allowed.contains(field)) {
        throw new BadInputException(
            "the field "
                + PlainText.of(field)
                + " is not known; allowed: "
                + String.join(", ", new TreeSet<>(allowed)));
      }
    }
    String target = text(json, kind);
    try {
      return switch (kind) {
        case "filter" -> filter(target, json);
        case "action" -> action(target, json);
        default -> route(target, json);
      };
    } catch (HookFailedException e) {
      throw new BadInputException(String.valueOf(e.getMessage()));
    }
  }

  private WarmUp.Input filter(String hook, JsonNode json)
      throws BadInputException, HookFailedException {
    requireHook("filter", manifest.filters(), hook);
    JsonNode value = json.get("value");
    if (value == null) {
      throw new BadInputException("a filter needs a \"value\"");
    }
    return new WarmUp.Input(utf8(hook), HookCodec.filter(value, args(json)));
  }

  private WarmUp.Input action(String hook, JsonNode json)
      throws BadInputException, HookFailedException {
    requireHook("action", manifest.actions(), hook);
    return new WarmUp.Input(utf8(hook), HookCodec.action(args(json)));
  }

  private static void requireHook(String kind, List<Hook> hooks, String hook)
      throws BadInputException {
    if (hooks.stream().noneMatch(known -> known.name().equals(hook))) {
      throw new BadInputException(
          "the manifest has no " + kind + " " + PlainText.of(hook) + " in /hooks/" + kind + "s");
    }
  }

  private WarmUp.Input route(String target, JsonNode json)
      throws BadInputException, HookFailedException {
    String[] parts = target.split(" ", 2);
    if (parts.length < 2 || !parts[1].startsWith("/")) {
      throw new BadInputException(
          "\"route\" is a method and a path, such as \"GET /posts/7?page=2\"");
    }
    String[] address = parts[1].split("\\?", 2);
    PluginRequest request;
    try {
      request =
          new PluginRequest(
              parts[0],
              address[0],
              address.length < 2 ? "" : address[1],
              headers(json.path("headers")),
              body(json));
    } catch (IllegalArgumentException e) {
      throw new BadInputException(String.valueOf(e.getMessage()));
    }
    if (!(routes.match(request.method(), request.path()) instanceof RouteTable.Found found)) {
      throw new BadInputException(
          "the manifest has no route for "
              + PlainText.of(parts[0] + " " + address[0])
              + " in /http/serve");
    }
    return new WarmUp.Input(
        utf8(Manifest.routeHook(manifest.name())),
        HookCodec.route(RouteCodec.encode(request, found, headers)));
  }

  private static Map<String, String> headers(JsonNode json) throws BadInputException {
    Map<String, String> headers = new TreeMap<>();
    if (!json.isMissingNode() && !json.isObject()) {
      throw new BadInputException("\"headers\" is not an object");
    }
    for (Map.Entry<String, JsonNode> header : json.properties()) {
      if (!header.getValue().isString()) {
        throw new BadInputException(
            "the header " + PlainText.of(header.getKey()) + " is not a text");
      }
      headers.put(header.getKey(), header.getValue().stringValue());
    }
    return headers;
  }

  private static byte[] body(JsonNode json) throws BadInputException {
    if (json.has("body") && json.has("body_base64")) {
      throw new BadInputException("give \"body\" or \"body_base64\", not both");
    }
    if (json.has("body")) {
      return utf8(text(json, "body"));
    }
    try {
      return json.has("body_base64")
          ? Base64.getDecoder().decode(text(json, "body_base64"))
          : new byte[0];
    } catch (IllegalArgumentException e) {
      throw new BadInputException("\"body_base64\" is not base64");
    }
  }

  private static List<JsonNode> args(JsonNode json) throws BadInputException {
    JsonNode args = json.path("args");
    if (args instanceof MissingNode) {
      return List.of();
    }
    if (!args.isArray()) {
      throw new BadInputException("\"args\" is not an array");
    }
    return args.valueStream().toList();
  }

  private static String text(JsonNode json, String field) throws BadInputException {
    @Nullable JsonNode value = json.get(field);
    if (value == null || !value.isString()) {
      throw new BadInputException("\"" + field + "\" is not a text");
    }
    return value.stringValue();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
