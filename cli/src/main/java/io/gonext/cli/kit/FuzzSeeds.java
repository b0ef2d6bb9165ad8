package io.gonext.cli.kit;

import io.gonext.cli.kit.FuzzCall.Kind;
import io.gonext.cli.kit.FuzzCall.Target;
import io.gonext.host.RecordingException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.Recording;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What random calls of a plugin are made from: its hooks, routes and jobs, calls that make sense to
 * it (recordings, {@code warmup/*.json}, {@code tests/*.json}), and words that its manifest, these
 * calls and its module have.
 */
final class FuzzSeeds {
  private static final Charset UTF_8 = StandardCharsets.UTF_8;
  private static final int MAX_WORDS = 400;
  private static final String RECORDING = ".recording.json";

  /** What may be a field's name in the module's data. */
  private static final Pattern WORD = Pattern.compile("[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*");

  private final Manifest manifest;
  private final List<Target> targets = new ArrayList<>();
  private final Map<Target, Set<ObjectNode>> inputs = new LinkedHashMap<>();
  private final Set<String> words = new LinkedHashSet<>();

  FuzzSeeds(Manifest manifest) {
    this.manifest = manifest;
    manifest.filters().forEach(hook -> targets.add(new Target(Kind.FILTER, hook.name())));
    manifest.actions().forEach(hook -> targets.add(new Target(Kind.ACTION, hook.name())));
    manifest.routes().forEach(route -> targets.add(new Target(Kind.ROUTE, route.toString())));
    manifest.jobs().forEach(job -> targets.add(new Target(Kind.JOB, job.name())));
  }

  List<Target> targets() {
    return List.copyOf(targets);
  }

  /** The inputs that are known of a target; their order depends on nothing but the files. */
  List<ObjectNode> inputs(Target target) {
    return List.copyOf(inputs.getOrDefault(target, Set.of()));
  }

  int known() {
    return inputs.values().stream().mapToInt(Set::size).sum();
  }

  List<String> words() {
    return List.copyOf(words);
  }

  /** Takes the names of fields from the manifest, and the words in the module's data. */
  void addWords(byte[] manifestJson, byte[] module) {
    try {
      StrictJson.parse(manifestJson)
          .path("config")
          .findValues("properties")
          .forEach(properties -> properties.propertyNames().forEach(this::add));
    } catch (InvalidJsonException e) {
      throw new IllegalStateException("the manifest was read before", e);
    }
    Matcher found = WORD.matcher(new String(module, StandardCharsets.ISO_8859_1));
    while (found.find() && words.size() < MAX_WORDS) {
      if (found.end() - found.start() >= 3 && found.end() - found.start() <= 20) {
        add(found.group());
      }
    }
  }

  private void add(String word) {
    if (words.size() < MAX_WORDS && !word.isEmpty()) {
      words.add(word);
    }
  }

  /** Takes the calls of a file {@code warmup/*.json} or {@code tests/*.json}. */
  void addCalls(byte[] file) {
    try {
      addCalls(StrictJson.parse(file));
    } catch (InvalidJsonException e) {
      // Other commands tell what is wrong with it.
    }
  }

  private void addCalls(JsonNode json) {
    if (json.path("filter").isString()) {
      addHook(Kind.FILTER, json.path("filter").asString(""), json);
    } else if (json.path("action").isString()) {
      addHook(Kind.ACTION, json.path("action").asString(""), json);
    } else if (json.path("job").isString()) {
      ObjectNode input = JsonNodeFactory.instance.objectNode();
      input.set("args", json.path("args").isObject() ? json.path("args") : input.objectNode());
      add(new Target(Kind.JOB, json.path("job").asString("")), input);
    } else if (json.path("route").isString()) {
      addRoute(json);
    }
    json.forEach(this::addCalls);
  }

  private void addHook(Kind kind, String name, JsonNode json) {
    ObjectNode input = JsonNodeFactory.instance.objectNode();
    if (kind == Kind.FILTER) {
      input.set("value", json.has("value") ? json.path("value") : input.nullNode());
    }
    input.set("args", json.path("args").isArray() ? json.path("args") : input.arrayNode());
    add(new Target(kind, name), input);
  }

  private void addRoute(JsonNode json) {
    String[] parts = json.path("route").asString("").split("[ ?]", 3);
    JsonNode body = json.path("body");
    if (parts.length >= 2) {
      addRequest(
          parts[0],
          parts[1],
          parts.length > 2 ? parts[2] : "",
          json.path("headers"),
          body.isMissingNode()
              ? ""
              : body.isString() ? body.asString("") : new String(StrictJson.write(body), UTF_8));
    }
  }

  private void addRequest(String method, String path, String query, JsonNode headers, String body) {
    for (Manifest.Route route : manifest.routes()) {
      ObjectNode params = parameters(route.path(), path);
      if (route.method().equals(method) && params != null) {
        ObjectNode input = JsonNodeFactory.instance.objectNode();
        input.set("params", params);
        input.put("query", query);
        input.set("headers", texts(headers));
        input.put("body", body);
        add(new Target(Kind.ROUTE, route.toString()), input);
      }
    }
  }

  private static ObjectNode texts(JsonNode headers) {
    ObjectNode texts = JsonNodeFactory.instance.objectNode();
    headers.forEachEntry((name, text) -> {
      if (text.isString()) {
        texts.put(name, text.asString(""));
      }
    });
    return texts;
  }

  /** The parameters of a path, or null where the pattern does not match it. */
  private static @Nullable ObjectNode parameters(String pattern, String path) {
    List<String> names =
        Pattern.compile("\\{([^}]*)}").matcher(pattern).results().map(r -> r.group(1)).toList();
    Matcher matcher =
        Pattern.compile("\\Q" + pattern.replaceAll("\\{[^}]*}", "\\\\E([^/]+)\\\\Q") + "\\E")
            .matcher(path);
    if (!matcher.matches()) {
      return null;
    }
    ObjectNode params = JsonNodeFactory.instance.objectNode();
    MatchResult match = matcher.toMatchResult();
    for (int i = 0; i < names.size(); i++) {
      try {
        params.put(names.get(i), URLDecoder.decode(match.group(i + 1).replace("+", "%2B"), UTF_8));
      } catch (IllegalArgumentException e) {
        return null;
      }
    }
    return params;
  }

  /**
   * Takes the calls of a directory with recordings.
   *
   * @return how many files it has
   */
  int addRecordings(Path directory) throws IOException {
    List<Path> files;
    try (var entries = Files.list(directory)) {
      files = entries.filter(file -> file.toString().endsWith(RECORDING)).sorted().toList();
    }
    for (Path file : files) {
      try (var in = Files.newInputStream(file)) {
        Recording.parse(in.readNBytes(Recording.MAX_FILE_BYTES + 1)).calls().forEach(this::add);
      } catch (RecordingException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
    }
    return files.size();
  }

  private void add(RecordedCall call) {
    JsonNode payload;
    try {
      payload = StrictJson.parse(call.payload());
    } catch (InvalidJsonException e) {
      return;
    }
    if (call.isJob()) {
      ObjectNode input = JsonNodeFactory.instance.objectNode();
      input.set("args", payload.path("args"));
      add(new Target(Kind.JOB, call.name()), input);
    } else if (call.name().equals(Manifest.routeHook(manifest.name()))) {
      JsonNode request = payload.path("value");
      addRequest(
          request.path("method").asString(""),
          request.path("path").asString(""),
          request.path("query").asString(""),
          request.path("headers"),
          decoded(request.path("body").asString("")));
    } else if (payload.path("kind").asString("").equals("action")) {
      addHook(Kind.ACTION, call.name(), payload);
    } else {
      addHook(Kind.FILTER, call.name(), payload);
    }
  }

  private static String decoded(String base64) {
    try {
      return new String(Base64.getDecoder().decode(base64), UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private void add(Target target, ObjectNode input) {
    if (targets.contains(target) && new FuzzCall(target, input).isWellFormed()) {
      inputs.computeIfAbsent(target, _ -> new LinkedHashSet<>()).add(input);
      addNames(input.path("value"));
      addNames(input.path("args"));
    }
  }

  private void addNames(JsonNode json) {
    if (json.isObject()) {
      json.propertyNames().forEach(this::add);
    }
    json.forEach(this::addNames);
  }
}
