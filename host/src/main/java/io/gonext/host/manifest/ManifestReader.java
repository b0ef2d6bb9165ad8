package io.gonext.host.manifest;

import io.gonext.engine.PlainText;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest.Backoff;
import io.gonext.host.manifest.Manifest.Breaker;
import io.gonext.host.manifest.Manifest.CatchUp;
import io.gonext.host.manifest.Manifest.Cron;
import io.gonext.host.manifest.Manifest.Dependency;
import io.gonext.host.manifest.Manifest.Fetch;
import io.gonext.host.manifest.Manifest.Headers;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.manifest.Manifest.Isolation;
import io.gonext.host.manifest.Manifest.Job;
import io.gonext.host.manifest.Manifest.KeyValueQuota;
import io.gonext.host.manifest.Manifest.Limits;
import io.gonext.host.manifest.Manifest.Metric;
import io.gonext.host.manifest.Manifest.Route;
import io.gonext.host.manifest.Manifest.Secret;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.MissingNode;

/** Reads {@code manifest.json}: the published schema first, then what a schema cannot say. */
public final class ManifestReader {
  /** Beyond this a manifest is refused unread, in bytes. */
  public static final int MAX_BYTES = 256 * 1024;

  /** The most that the arguments of a schedule take, in bytes. */
  private static final int MAX_CRON_ARGS_BYTES = 64 * 1024;

  private static final JsonNode NO_ARGS = JsonNodeFactory.instance.objectNode();

  private ManifestReader() {}

  /**
   * Reads a manifest from its bytes.
   *
   * @throws BundleRejectedException naming every problem found, each with its JSON pointer
   */
  public static Manifest read(byte[] utf8) {
    return read(utf8, Vocabulary.unknown());
  }

  /** As {@link #read(byte[])}, against the names that a host knows. */
  public static Manifest read(byte[] utf8, Vocabulary vocabulary) {
    JsonNode json;
    try {
      json = StrictJson.parse(utf8);
    } catch (InvalidJsonException e) {
      throw new BundleRejectedException("manifest.json is not valid JSON: " + e.getMessage());
    }
    List<ManifestProblem> problems = new ArrayList<>(ManifestSchema.problems(json, vocabulary));
    checkCapabilities(json, vocabulary, problems);
    checkHooks(json, "actions", problems);
    checkHooks(json, "filters", problems);
    checkRoutes(json, problems);
    checkHeaders(json, problems);
    checkOrigins(json, problems);
    checkInstances(json, problems);
    checkRange(at(at(json, "requires"), "host"), "/requires/host", problems);
    checkDependencies(json, problems);
    checkSecrets(json, problems);
    checkConfig(json, problems);
    MetricsCheck.addProblems(at(json, "metrics"), problems);
    checkJobs(json, problems);
    checkCron(json, problems);
    if (!problems.isEmpty()) {
      throw BundleRejectedException.of(
              Bundle.MANIFEST, problems.stream().map(ManifestProblem::toString).toList())
          .claiming(at(json, "name").asString(""));
    }
    return toManifest(json);
  }

  // What follows also reads manifests that break the schema, and leaves that to the schema.

  private static void checkCapabilities(
      JsonNode json, Vocabulary vocabulary, List<ManifestProblem> problems) {
    if (vocabulary.capabilities().isEmpty()) {
      return;
    }
    Set<String> malformed =
        problems.stream().map(ManifestProblem::pointer).collect(Collectors.toSet());
    int i = 0;
    for (JsonNode capability : at(json, "capabilities")) {
      String pointer = "/capabilities/" + i++;
      String id = capability.asString("");
      if (!malformed.contains(pointer) && !vocabulary.capabilities().contains(id)) {
        problems.add(
            new ManifestProblem(
                pointer,
                "there is no capability " + id,
                String.join(", ", vocabulary.capabilities()),
                Spelling.closest(id, vocabulary.capabilities())));
      }
    }
  }

  private static void checkHooks(JsonNode json, String kind, List<ManifestProblem> problems) {
    Set<String> seen = new HashSet<>();
    int i = 0;
    for (JsonNode hook : at(at(json, "hooks"), kind)) {
      String pointer = "/hooks/" + kind + "/" + i++;
      String name = (hook.isObject() ? at(hook, "name") : hook).asString("");
      if (!name.isEmpty() && !seen.add(name)) {
        problems.add(
            new ManifestProblem(pointer, name + " is listed twice", "each hook once", null));
      }
      if (name.equals(Manifest.ROUTE_HOOKS) || name.startsWith(Manifest.ROUTE_HOOKS + ".")) {
        problems.add(
            new ManifestProblem(
                pointer, name + " is reserved", "routes are declared in http.serve", null));
      }
    }
  }

  private static void checkRoutes(JsonNode json, List<ManifestProblem> problems) {
    Map<String, String> seen = new HashMap<>();
    int i = 0;
    for (JsonNode route : at(at(json, "http"), "serve")) {
      String pointer = "/http/serve/" + i++;
      String path = at(route, "path").asString("");
      if (Arrays.stream(path.split("/", -1)).anyMatch(s -> s.equals(".") || s.equals(".."))) {
        problems.add(
            new ManifestProblem(
                pointer + "/path",
                ManifestSchema.found(route.get("path")),
                "a path without the segments . and ..",
                null));
      }
      // Two routes that differ only in a parameter's name match the same requests.
      String written = at(route, "method").asString("") + " " + path;
      String first = seen.putIfAbsent(written.replaceAll("\\{[^}]*}", "{}"), written);
      if (!path.isEmpty() && first != null) {
        problems.add(
            new ManifestProblem(
                pointer,
                written + " takes the same requests as " + first,
                "each method and path once, whatever its parameters are called",
                null));
      }
    }
  }

  private static void checkHeaders(JsonNode json, List<ManifestProblem> problems) {
    Set<String> malformed =
        problems.stream().map(ManifestProblem::pointer).collect(Collectors.toSet());
    for (String field : List.of("request_headers", "response_headers")) {
      Set<String> seen = new HashSet<>();
      int i = 0;
      for (JsonNode header : at(at(json, "http"), field)) {
        String pointer = "/http/" + field + "/" + i++;
        String name = header.asString("").toLowerCase(Locale.ROOT);
        if (name.isEmpty() || malformed.contains(pointer)) {
          continue;
        }
        String expected = field.equals("request_headers") ? wrongToSee(name) : wrongToSet(name);
        if (!seen.add(name)) {
          expected = "each header once, whatever its case";
        }
        if (expected != null) {
          problems.add(new ManifestProblem(pointer, ManifestSchema.found(header), expected, null));
        }
      }
    }
  }

  private static void checkOrigins(JsonNode json, List<ManifestProblem> problems) {
    JsonNode fetch = at(at(json, "http"), "fetch");
    for (String field : List.of("allow", "allow_hosts")) {
      checkOrigins(at(fetch, field), "/http/fetch/" + field, problems);
    }
  }

  private static void checkOrigins(JsonNode origins, String field, List<ManifestProblem> problems) {
    int i = 0;
    for (JsonNode origin : origins) {
      String pointer = field + "/" + i++;
      if (!origin.isString() || problems.stream().anyMatch(p -> p.pointer().equals(pointer))) {
        continue;
      }
      try {
        AllowedOrigins.parse(List.of(origin.stringValue()));
      } catch (IllegalArgumentException e) {
        problems.add(
            new ManifestProblem(
                pointer,
                ManifestSchema.found(origin) + ": " + PlainText.of(String.valueOf(e.getMessage())),
                "an origin, such as https://api.example.com, *.example.com or http://host:8080",
                null));
      }
    }
  }

  private static @Nullable String wrongToSee(String name) {
    return HeaderNames.isOfTheConnection(name)
        ? "a header of the request, not one of the connection"
        : null;
  }

  private static @Nullable String wrongToSet(String name) {
    if (HeaderNames.isHostsOwn(name)) {
      return "not one that only the host sets";
    }
    return HeaderNames.isGuarded(name)
        ? null
        : "one that takes a capability, such as Alt-Svc; others may be set without being named";
  }

  private static void checkInstances(JsonNode json, List<ManifestProblem> problems) {
    JsonNode limits = at(json, "limits");
    OptionalInt least = number(limits, "instances_min");
    OptionalInt most = number(limits, "instances_max");
    if (least.isPresent() && most.isPresent() && least.getAsInt() > most.getAsInt()) {
      problems.add(
          new ManifestProblem(
              "/limits/instances_min",
              "found " + least.getAsInt(),
              "instances_max, which is " + most.getAsInt() + ", at most",
              null));
    }
  }

  private static void checkRange(JsonNode range, String pointer, List<ManifestProblem> problems) {
    if (range.isString()
        && !range.asString().isEmpty()
        && range.asString().length() <= VersionRange.MAX_LENGTH
        && !VersionRange.isRange(range.asString())) {
      problems.add(
          new ManifestProblem(
              pointer,
              ManifestSchema.found(range),
              "a range of versions as npm writes them, such as ^1.2, ~1.4, >=1 <2 or ^1 || ^2",
              null));
    }
  }

  private static void checkDependencies(JsonNode json, List<ManifestProblem> problems) {
    Set<String> seen = new HashSet<>();
    String own = at(json, "name").asString("");
    int i = 0;
    for (JsonNode dependency : at(json, "depends")) {
      String pointer = "/depends/" + i++;
      String name = at(dependency, "name").asString("");
      if (!name.isEmpty() && (name.equals(own) || !seen.add(name))) {
        problems.add(
            new ManifestProblem(
                pointer + "/name",
                ManifestSchema.found(dependency.get("name")),
                "each other plugin once",
                null));
      }
      checkRange(at(dependency, "version"), pointer + "/version", problems);
    }
  }

  private static void checkSecrets(JsonNode json, List<ManifestProblem> problems) {
    Set<String> seen = new HashSet<>();
    int i = 0;
    for (JsonNode key : at(at(json, "secrets"), "keys")) {
      String pointer = "/secrets/keys/" + i++;
      String name = (key.isObject() ? at(key, "name") : key).asString("");
      if (!name.isEmpty() && !seen.add(name)) {
        problems.add(
            new ManifestProblem(pointer, name + " is listed twice", "each secret once", null));
      }
      JsonNode hosts = at(key, "hosts");
      checkOrigins(hosts, pointer + "/hosts", problems);
      if (at(key, "inject_only").asBoolean(false) && hosts.isEmpty()) {
        problems.add(
            new ManifestProblem(
                pointer,
                "inject_only without hosts: nothing could use the secret",
                "hosts with the origins of HTTP requests that may carry it",
                null));
      }
    }
  }

  private static void checkConfig(JsonNode json, List<ManifestProblem> problems) {
    JsonNode schema = at(at(json, "config"), "schema");
    if (schema.isObject()) {
      ConfigSchemaCheck.problems(schema).stream()
          .map(problem -> problem.below("/config/schema"))
          .forEach(problems::add);
    }
  }

  private static void checkJobs(JsonNode json, List<ManifestProblem> problems) {
    Set<String> seen = new HashSet<>();
    int i = 0;
    for (JsonNode job : at(json, "jobs")) {
      String pointer = "/jobs/" + i++;
      String name = (job.isObject() ? at(job, "name") : job).asString("");
      if (!name.isEmpty() && !seen.add(name)) {
        problems.add(
            new ManifestProblem(pointer, name + " is listed twice", "each job once", null));
      }
    }
  }

  private static void checkCron(JsonNode json, List<ManifestProblem> problems) {
    Set<String> jobs = new TreeSet<>();
    for (JsonNode job : at(json, "jobs")) {
      jobs.add((job.isObject() ? at(job, "name") : job).asString(""));
    }
    int i = 0;
    for (JsonNode cron : at(json, "cron")) {
      String pointer = "/cron/" + i++;
      String job = at(cron, "job").asString("");
      if (!job.isEmpty() && !jobs.contains(job)) {
        problems.add(
            new ManifestProblem(
                pointer + "/job",
                "there is no job " + job,
                jobs.isEmpty() ? "a name in jobs, which is empty" : String.join(", ", jobs),
                Spelling.closest(job, jobs)));
      }
      checkSchedule(at(cron, "schedule"), pointer + "/schedule", problems);
      JsonNode zone = at(cron, "zone");
      if (zone.isString() && Schedule.zone(zone.stringValue()).isEmpty()) {
        problems.add(
            new ManifestProblem(
                pointer + "/zone",
                ManifestSchema.found(zone),
                "a zone of the time zone database, such as Europe/Berlin, or UTC",
                null));
      }
      if (StrictJson.write(at(cron, "args").isObject() ? at(cron, "args") : NO_ARGS).length
          > MAX_CRON_ARGS_BYTES) {
        problems.add(
            new ManifestProblem(
                pointer + "/args", "more bytes", MAX_CRON_ARGS_BYTES + " bytes at most", null));
      }
    }
  }

  private static void checkSchedule(
      JsonNode schedule, String pointer, List<ManifestProblem> problems) {
    if (!schedule.isString()
        || problems.stream().anyMatch(problem -> problem.pointer().equals(pointer))) {
      return;
    }
    try {
      Schedule.parse(schedule.stringValue(), Schedule.UTC);
    } catch (IllegalArgumentException e) {
      problems.add(
          new ManifestProblem(
              pointer,
              ManifestSchema.found(schedule) + ": " + e.getMessage(),
              "five fields of cron, such as 30 4 * * 1-5, or @hourly",
              null));
    }
  }

  private static Manifest toManifest(JsonNode json) {
    return new Manifest(
        text(json, "name").orElseThrow(),
        Version.parse(text(json, "version").orElseThrow()),
        text(json, "entry").orElseThrow(),
        strings(json, "capabilities"),
        hooks(json, "actions"),
        hooks(json, "filters"),
        routes(json),
        headers(at(json, "http")),
        fetch(at(at(json, "http"), "fetch")),
        secrets(at(at(json, "secrets"), "keys")),
        limits(at(json, "limits")),
        text(at(json, "requires"), "host").map(VersionRange::parse),
        at(json, "depends")
            .valueStream()
            .map(node ->
                new Dependency(
                    text(node, "name").orElseThrow(),
                    VersionRange.parse(text(node, "version").orElseThrow())))
            .toList(),
        keyValues(at(at(json, "storage"), "kv")),
        wide(at(at(json, "storage"), "db"), "max_bytes"),
        Optional.of(at(at(json, "config"), "schema"))
            .filter(JsonNode::isObject)
            .map(ConfigSchema::of),
        metrics(at(json, "metrics")),
        text(json, "default_locale"),
        at(json, "warm_up").asBoolean(true),
        at(json, "jobs").valueStream().map(ManifestReader::job).toList(),
        at(json, "cron").valueStream().map(ManifestReader::cron).toList(),
        json.has("signature"));
  }

  private static Job job(JsonNode node) {
    return new Job(
        node.isString() ? node.stringValue() : text(node, "name").orElseThrow(),
        duration(number(node, "timeout_ms"), 1).orElse(Job.DEFAULT_TIMEOUT),
        number(node, "max_attempts").orElse(Job.DEFAULT_MAX_ATTEMPTS),
        text(node, "backoff").filter("fixed"::equals).isPresent()
            ? Backoff.FIXED
            : Backoff.EXPONENTIAL,
        at(node, "unique").asBoolean(false),
        number(node, "concurrency"));
  }

  private static Cron cron(JsonNode node) {
    ZoneId zone = text(node, "zone").flatMap(Schedule::zone).orElse(Schedule.UTC);
    JsonNode schedule = at(node, "schedule");
    JsonNode args = at(node, "args");
    return new Cron(
        text(node, "job").orElseThrow(),
        schedule.isString()
            ? Schedule.parse(schedule.stringValue(), zone)
            : Schedule.every(Duration.ofMillis(wide(schedule, "every_ms").orElseThrow())),
        args.isObject() ? args : NO_ARGS,
        text(node, "catch_up")
            .map(text -> CatchUp.valueOf(text.toUpperCase(Locale.ROOT)))
            .orElse(CatchUp.ONCE));
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

  private static List<Secret> secrets(JsonNode keys) {
    return keys.valueStream()
        .map(node ->
            node.isString()
                ? new Secret(node.stringValue(), false, false, new AllowedOrigins(List.of()))
                : new Secret(
                    text(node, "name").orElseThrow(),
                    at(node, "required").asBoolean(false),
                    at(node, "inject_only").asBoolean(false),
                    AllowedOrigins.parse(strings(node, "hosts"))))
        .toList();
  }

  private static List<Metric> metrics(JsonNode json) {
    return json.valueStream()
        .map(node ->
            new Metric(
                text(node, "name").orElseThrow(),
                Metric.Kind.valueOf(text(node, "kind").orElseThrow().toUpperCase(Locale.ROOT)),
                text(node, "unit").orElse(""),
                at(node, "labels")
                    .valueStream()
                    .map(label ->
                        new Metric.Label(
                            text(label, "name").orElseThrow(), strings(label, "values")))
                    .toList()))
        .toList();
  }

  private static List<Route> routes(JsonNode json) {
    return at(at(json, "http"), "serve")
        .valueStream()
        .map(
            node -> new Route(text(node, "method").orElseThrow(), text(node, "path").orElseThrow()))
        .toList();
  }

  private static Headers headers(JsonNode http) {
    boolean isDefault = at(http, "request_headers").isMissingNode();
    return new Headers(
        isDefault,
        isDefault ? HeaderNames.DEFAULT : strings(http, "request_headers"),
        strings(http, "response_headers"));
  }

  private static Fetch fetch(JsonNode json) {
    return new Fetch(
        AllowedOrigins.parse(strings(json, "allow"))
            .and(AllowedOrigins.parse(strings(json, "allow_hosts"))),
        number(json, "rate_per_minute"));
  }

  private static Limits limits(JsonNode json) {
    return new Limits(
        number(json, "memory_mb"),
        duration(number(json, "call_ms"), 1),
        duration(number(json, "wait_ms"), 1),
        wide(json, "fuel"),
        number(json, "instances_min"),
        number(json, "instances_max"),
        number(json, "instances_jobs"),
        number(json, "max_uses"),
        duration(number(json, "max_age_s"), 1000),
        duration(number(json, "max_idle_s"), 1000),
        text(json, "isolation")
            .map(isolation -> isolation.equals("reused") ? Isolation.REUSED : Isolation.FRESH)
            .orElse(Isolation.FRESH),
        breaker(at(json, "breaker")));
  }

  private static Breaker breaker(JsonNode json) {
    return new Breaker(number(json, "failure_percent"), number(json, "min_calls"));
  }

  private static KeyValueQuota keyValues(JsonNode json) {
    return new KeyValueQuota(wide(json, "max_bytes"), wide(json, "max_keys"));
  }

  /** As {@link #number}, for what may be beyond an int. */
  private static OptionalLong wide(JsonNode object, String field) {
    return StrictJson.integer(at(object, field));
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
    OptionalLong value = wide(object, field);
    return value.isPresent()
        ? OptionalInt.of(Math.clamp(value.getAsLong(), Integer.MIN_VALUE, Integer.MAX_VALUE))
        : OptionalInt.empty();
  }
}
