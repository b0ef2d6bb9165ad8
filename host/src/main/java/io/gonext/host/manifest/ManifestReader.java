package io.gonext.host.manifest;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest.Dependency;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.manifest.Manifest.Isolation;
import io.gonext.host.manifest.Manifest.Limits;
import io.gonext.host.manifest.Manifest.Route;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.semver4j.Semver;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** Reads {@code manifest.json}: the published schema first, then what a schema cannot say. */
public final class ManifestReader {
  /** Beyond this a manifest is refused unread, in bytes. */
  public static final int MAX_BYTES = 256 * 1024;

  /** Hooks of this prefix are routes: they are declared under {@code http.serve}, never by name. */
  private static final String ROUTE_HOOK_PREFIX = "http.serve";

  private static final Schema SCHEMA = loadSchema();

  private ManifestReader() {}

  /**
   * Reads a manifest from its bytes.
   *
   * @throws BundleRejectedException naming every problem found, each with its JSON pointer
   */
  public static Manifest read(byte[] utf8) {
    JsonNode json;
    try {
      json = StrictJson.parse(utf8);
    } catch (InvalidJsonException e) {
      throw new BundleRejectedException("manifest.json is not valid JSON: " + e.getMessage());
    }
    List<String> problems = new ArrayList<>();
    for (Error error : SCHEMA.validate(json)) {
      String pointer = error.getInstanceLocation().toString();
      problems.add((pointer.isEmpty() ? "/" : pointer) + ": " + error.getMessage());
    }
    if (problems.isEmpty()) {
      checkHooks(json, "actions", problems);
      checkHooks(json, "filters", problems);
      checkRoutes(json, problems);
    }
    if (!problems.isEmpty()) {
      throw new BundleRejectedException(
          "manifest.json does not match the schema: " + String.join("; ", problems));
    }
    return toManifest(json);
  }

  private static Schema loadSchema() {
    try (var in = ManifestReader.class.getResourceAsStream("plugin-manifest-v1.json")) {
      if (in == null) {
        throw new IllegalStateException("plugin-manifest-v1.json is missing from the host's jar");
      }
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12).getSchema(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkHooks(JsonNode json, String kind, List<String> problems) {
    Set<String> seen = new HashSet<>();
    List<Hook> hooks = hooks(json, kind);
    for (int i = 0; i < hooks.size(); i++) {
      String name = hooks.get(i).name();
      if (!seen.add(name)) {
        problems.add("/hooks/" + kind + "/" + i + ": " + name + " is listed twice");
      }
      if (name.equals(ROUTE_HOOK_PREFIX) || name.startsWith(ROUTE_HOOK_PREFIX + ".")) {
        problems.add(
            "/hooks/"
                + kind
                + "/"
                + i
                + ": "
                + name
                + " is reserved, declare routes in http.serve");
      }
    }
  }

  private static void checkRoutes(JsonNode json, List<String> problems) {
    Set<String> seen = new HashSet<>();
    List<Route> routes = routes(json);
    for (int i = 0; i < routes.size(); i++) {
      Route route = routes.get(i);
      if (List.of(route.path().split("/", -1)).stream().anyMatch(s -> s.matches("\\.{1,2}"))) {
        problems.add("/http/serve/" + i + "/path: " + route.path() + " has a segment . or ..");
      }
      // Two routes that differ only in a parameter's name match the same requests.
      String shape = route.method() + " " + route.path().replaceAll("\\{[^}]*}", "{}");
      if (!seen.add(shape)) {
        problems.add("/http/serve/" + i + ": " + shape + " is served twice");
      }
    }
  }

  private static Manifest toManifest(JsonNode json) {
    return new Manifest(
        text(json, "name").orElseThrow(),
        parsedVersion(text(json, "version").orElseThrow()),
        text(json, "entry").orElseThrow(),
        strings(json, "capabilities"),
        hooks(json, "actions"),
        hooks(json, "filters"),
        routes(json),
        strings(at(json, "secrets"), "keys"),
        limits(at(json, "limits")),
        text(at(json, "requires"), "host"),
        at(json, "depends")
            .valueStream()
            .map(node ->
                new Dependency(
                    text(node, "name").orElseThrow(), text(node, "version").orElseThrow()))
            .toList());
  }

  private static Semver parsedVersion(String text) {
    Semver version = Semver.parse(text);
    if (version == null) {
      throw new BundleRejectedException(
          "manifest.json: /version: " + text + " is no semantic version");
    }
    return version;
  }

  private static List<Hook> hooks(JsonNode json, String kind) {
    return at(at(json, "hooks"), kind)
        .valueStream()
        .map(node ->
            node.isString()
                ? new Hook(node.stringValue(), Manifest.DEFAULT_PRIORITY, false)
                : new Hook(
                    text(node, "name").orElseThrow(),
                    number(node, "priority").orElse(Manifest.DEFAULT_PRIORITY),
                    at(node, "batch").asBoolean(false)))
        .collect(Collectors.toUnmodifiableList());
  }

  private static List<Route> routes(JsonNode json) {
    return at(at(json, "http"), "serve")
        .valueStream()
        .map(
            node -> new Route(text(node, "method").orElseThrow(), text(node, "path").orElseThrow()))
        .toList();
  }

  private static Limits limits(JsonNode json) {
    return new Limits(
        number(json, "memory_mb"),
        duration(number(json, "call_ms"), 1),
        number(json, "instances_min"),
        number(json, "instances_max"),
        number(json, "max_uses"),
        duration(number(json, "max_age_s"), 1000),
        duration(number(json, "max_idle_s"), 1000),
        text(json, "isolation")
            .map(isolation -> isolation.equals("reused") ? Isolation.REUSED : Isolation.FRESH)
            .orElse(Isolation.FRESH));
  }

  private static Optional<Duration> duration(OptionalInt value, long unitMillis) {
    return value.isPresent()
        ? Optional.of(Duration.ofMillis(value.getAsInt() * unitMillis))
        : Optional.empty();
  }

  private static List<String> strings(JsonNode json, String field) {
    return at(json, field).valueStream().map(JsonNode::asString).toList();
  }

  private static JsonNode at(JsonNode object, String field) {
    JsonNode value = object.get(field);
    return value == null ? MissingNode.getInstance() : value;
  }

  private static Optional<String> text(JsonNode object, String field) {
    return at(object, field).stringValueOpt();
  }

  /** A whole number; one beyond an int means "as much as can be": the host's limit is lower. */
  private static OptionalInt number(JsonNode object, String field) {
    JsonNode value = at(object, field);
    if (!value.isNumber()) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(value.canConvertToInt() ? value.asInt() : Integer.MAX_VALUE);
  }
}
