package io.gonext.testkit;

import io.gonext.host.AuditEntry;
import io.gonext.host.AuditFilter;
import io.gonext.host.CronInfo;
import io.gonext.host.Host;
import io.gonext.host.JobAttempt;
import io.gonext.host.JobInfo;
import io.gonext.host.JobState;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.RouteOutcome;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.recording.RecordedCall;
import io.gonext.testkit.CallResult.SeenLine;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A plugin of a {@link TestHost}. It starts with its first call.
 *
 * <p>For one thread, the test's.
 */
public final class TestPlugin {
  /** How long jobs may take, by the machine's clock. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final TestHost test;
  private final Host host;
  private final String name;
  private final Manifest manifest;
  private final List<String> warnings;

  /** Guarded by this, as is the next: jobs log on threads of their own. */
  private final List<SeenLine> logs = new ArrayList<>();

  private @Nullable TurnFailure failure;

  private final List<SeenCall> calls = new ArrayList<>();
  private long fuel;
  private boolean started;
  private long lastRecording;
  private long auditBegin;

  /** Attempts at jobs that were reported, as job and number. */
  private final Set<String> reported = new HashSet<>();

  TestPlugin(TestHost test, String name, List<String> warnings) {
    this.warnings = List.copyOf(warnings);
    this.test = test;
    this.host = test.host();
    this.name = name;
    this.manifest = host.plugins().manifest(name);
  }

  /** The plugin's name. */
  public String name() {
    return name;
  }

  /** What loads but will not work, as the host found when the plugin was installed. */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Sets the configuration.
   *
   * @param json an object
   * @throws io.gonext.host.InvalidConfigException when it does not match the manifest's schema
   */
  public TestPlugin config(String json) {
    if (!(Expected.parsed(json) instanceof ObjectNode values)) {
      throw new IllegalArgumentException("a configuration is an object: " + json);
    }
    return config(values);
  }

  /** Sets the configuration. */
  public TestPlugin config(ObjectNode values) {
    var _ = host.configs().replace(name, OptionalLong.empty(), values);
    return this;
  }

  /** Sets a secret. */
  public TestPlugin secret(String key, String value) {
    host.secrets().set(name, key, value.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Writes a key-value entry. */
  public TestPlugin entry(String key, String value) {
    host.fixtures().entry(name, key, value.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** The key-value entry of a name; empty if there is none. */
  public Optional<String> entry(String key) {
    return host.keyValues()
        .value(name, key)
        .map(value -> new String(value, StandardCharsets.UTF_8));
  }

  /**
   * Runs SQL in the plugin's schema, after its migrations. Starts the plugin.
   *
   * @throws IllegalArgumentException with the database's words when it fails
   */
  public TestPlugin sql(String statements) {
    start();
    host.fixtures().sql(name, statements);
    return this;
  }

  /**
   * Starts the plugin; a second time does nothing.
   *
   * @throws io.gonext.host.HostException when it does not start
   */
  public TestPlugin start() {
    if (started) {
      return this;
    }
    try {
      var _ = host.plugins().activate(name);
    } catch (InterruptedException e) {
      throw TestHost.interrupted(e);
    }
    started = true;
    host.recordings().start(name, RecordingPolicy.ALL);
    var _ =
        host.logs()
            .listen(
                name,
                (level, text) ->
                    log(new SeenLine(level.toString().toLowerCase(Locale.ROOT), text)));
    var _ = host.health().listenToFailures(name, this::failed);
    auditBegin = auditEnd();
    return this;
  }

  private synchronized void log(SeenLine line) {
    logs.add(line);
  }

  private synchronized void failed(TurnFailure turn) {
    failure = turn;
  }

  private synchronized @Nullable TurnFailure takeFailure() {
    TurnFailure taken = failure;
    failure = null;
    return taken;
  }

  private synchronized List<SeenLine> logsFrom(int begin) {
    return List.copyOf(logs.subList(begin, logs.size()));
  }

  private long auditEnd() {
    return host.audit().find(AuditFilter.ALL, Long.MAX_VALUE, 1).stream()
        .mapToLong(AuditEntry::id)
        .findFirst()
        .orElse(0);
  }

  /**
   * Runs a value through a filter of the plugin.
   *
   * @param value anything with a JSON form
   * @throws IllegalArgumentException when the manifest has no such filter
   */
  public CallResult filter(String hook, Object value, Object... args) {
    requireHook("filter", hook, manifest.filters());
    return observed(
        "filter " + hook,
        () -> {
          var result = host.applyFilters(hook, value, args);
          return ended(result.degraded(), result.value());
        });
  }

  /**
   * Runs an action of the plugin.
   *
   * @throws IllegalArgumentException when the manifest has no such action
   */
  public CallResult action(String hook, Object... args) {
    requireHook("action", hook, manifest.actions());
    return observed(
        "action " + hook,
        () -> ended(host.doAction(hook, args).degraded(), NullNode.getInstance()));
  }

  private JsonNode ended(List<Degradation> degraded, JsonNode otherwise) {
    return degraded.stream()
        .filter(turn -> turn.plugin().equals(name))
        .findFirst()
        .<JsonNode>map(turn -> failed(turn.code(), turn.reason()))
        .orElse(otherwise);
  }

  private static ObjectNode failed(String outcome, String reason) {
    return NODES.objectNode().put("failed", outcome).put("reason", reason);
  }

  /** A GET request for a route of the plugin. */
  public CallResult get(String path) {
    return request("GET", path, Map.of(), "");
  }

  /**
   * A request for a route of the plugin.
   *
   * @param path with the query, if there is one
   */
  public CallResult request(String method, String path, Map<String, String> headers, String body) {
    int mark = path.indexOf('?');
    PluginRequest request =
        new PluginRequest(
            method,
            mark < 0 ? path : path.substring(0, mark),
            mark < 0 ? "" : path.substring(mark + 1),
            headers,
            body.getBytes(StandardCharsets.UTF_8));
    return observed(
        method + " " + path,
        () ->
            switch (host.serve(name, request)) {
              case RouteOutcome.Answered(PluginResponse(int status, var sent, byte[] bytes)) -> {
                ObjectNode json = NODES.objectNode().put("status", status);
                ObjectNode fields = json.putObject("headers");
                sent.forEach(
                    (field, content) -> fields.put(field.toLowerCase(Locale.ROOT), content));
                yield json.set("body", Bodies.read(bytes));
              }
              case RouteOutcome.NotFound() ->
                  failed("NOT_FOUND", name + " has no route " + path + "; it has " + routes());
              case RouteOutcome.MethodNotAllowed(var allowed) ->
                  failed("METHOD_NOT_ALLOWED", "allowed: " + String.join(", ", allowed));
              case RouteOutcome.Failed(_, var outcome, String reason, _) ->
                  failed(outcome.name(), reason);
              case RouteOutcome.RateLimited(_, _) ->
                  failed("RATE_LIMITED", "too many requests in a short time");
            });
  }

  private List<String> routes() {
    return manifest.routes().stream().map(route -> route.method() + " " + route.path()).toList();
  }

  /** Enqueues a job of the plugin and waits for its first attempt. */
  public CallResult job(String job) {
    return job(job, NODES.objectNode());
  }

  /**
   * Enqueues a job of the plugin and waits for its first attempt.
   *
   * @param args an object, as JSON
   */
  public CallResult job(String job, String args) {
    if (!(Expected.parsed(args) instanceof ObjectNode object)) {
      throw new IllegalArgumentException("the arguments of a job are an object: " + args);
    }
    return job(job, object);
  }

  /** Enqueues a job of the plugin and waits for its first attempt. */
  public CallResult job(String job, ObjectNode args) {
    return observed(
        "job " + job,
        () -> {
          String id = host.jobs().run(name, job, args).id();
          await(() ->
              host.jobs().get(id).attempts().isEmpty()
                  ? Optional.of("job " + job + " did not end")
                  : Optional.empty());
          JobAttempt attempt = host.jobs().get(id).attempts().getFirst();
          reported.add(id + "/" + attempt.number());
          return attempted(NODES.objectNode(), attempt);
        });
  }

  private static ObjectNode attempted(ObjectNode json, JobAttempt attempt) {
    return json.put("outcome", attempt.outcome()).put("reason", attempt.reason());
  }

  /**
   * Moves the clock, and waits until the plugin's jobs and schedules have run that are due by then.
   *
   * @return its result is a list of the attempts since the last call, {@code
   *     {"job","outcome","reason"}}, by the time they were due
   */
  public CallResult advance(Duration time) {
    return observed(
        "advance " + time,
        () -> {
          test.clock().advance(time);
          await(this::busyWith);
          ArrayNode ran = NODES.arrayNode();
          Stream<JobInfo> jobs =
              host.jobs().list(name, Optional.empty(), 1_000).reversed().stream()
                  .map(job -> host.jobs().get(job.id()));
          jobs.forEach(job -> {
            for (JobAttempt attempt : job.attempts()) {
              if (reported.add(job.id() + "/" + attempt.number())) {
                ran.add(attempted(NODES.objectNode().put("job", job.job()), attempt));
              }
            }
          });
          return ran;
        });
  }

  /** What of the plugin is due or runs; empty if nothing does. */
  private Optional<String> busyWith() {
    var now = test.clock().instant();
    for (CronInfo schedule : host.jobs().schedules(name)) {
      if (schedule.nextAt().isPresent() && !schedule.nextAt().get().isAfter(now)) {
        return Optional.of("the schedule " + schedule.id() + " did not run");
      }
    }
    for (JobInfo job : host.jobs().list(name, Optional.empty(), 1_000)) {
      boolean waits = job.state() == JobState.WAITING || job.state() == JobState.FAILED;
      if (job.state() == JobState.RUNNING || (waits && !job.dueAt().isAfter(now))) {
        return Optional.of(
            "job %s, due at %s, is still %s".formatted(job.job(), job.dueAt(), job.state()));
      }
    }
    return Optional.empty();
  }

  /**
   * Waits until nothing is in the way.
   *
   * @param obstacle in words
   */
  private static void await(Callable<Optional<String>> obstacle) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    for (Optional<String> now = obstacle.call(); now.isPresent(); now = obstacle.call()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError(now.get() + " after " + PATIENCE.toSeconds() + " s");
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  /** One call, with all that can be seen of it. */
  private CallResult observed(String what, Callable<JsonNode> call) {
    start();
    int firstLine = logCount();
    int firstUnanswered = test.unanswered().size();
    var _ = takeFailure();
    test.beginCall();
    JsonNode json;
    try {
      json = call.call();
    } catch (InterruptedException e) {
      throw TestHost.interrupted(e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(what, e);
    }
    List<SeenCall> seen = new ArrayList<>();
    long used = 0;
    for (RecordedCall recorded : recorded()) {
      seen.addAll(CallReader.read(recorded.trace()));
      used += recorded.fuel().orElse(0);
    }
    calls.addAll(seen);
    fuel += used;
    TurnFailure turn = takeFailure();
    return new CallResult(
        what,
        json,
        turn == null ? List.of() : turn.backtrace().stream().map(Object::toString).toList(),
        seen,
        logsFrom(firstLine),
        used,
        test.unanswered(firstUnanswered));
  }

  private synchronized int logCount() {
    return logs.size();
  }

  /** The calls since the last one, the oldest first. */
  private List<RecordedCall> recorded() {
    List<RecordedCall> found = new ArrayList<>();
    long last = lastRecording;
    for (RecordingInfo info : host.recordings().list(name).reversed()) {
      if (info.id() > lastRecording) {
        last = info.id();
        host.recordings()
            .get(name, info.id())
            .ifPresent(recording -> found.addAll(recording.calls()));
      }
    }
    lastRecording = last;
    return found;
  }

  /** All calls of host functions since the start, in order. */
  public List<SeenCall> calls() {
    return List.copyOf(calls);
  }

  /** All lines that the plugin logged since the start. */
  public List<SeenLine> logs() {
    return logsFrom(0);
  }

  /** The fuel of all calls. */
  public long fuel() {
    return fuel;
  }

  /**
   * The rows of the audit log about the plugin since its start, the oldest first: {@code
   * {"event","actor","detail"}} each.
   */
  public List<ObjectNode> audit() {
    AuditFilter filter = new AuditFilter(name, "", "", null, null);
    List<ObjectNode> rows = new ArrayList<>();
    for (AuditEntry entry : host.audit().find(filter, Long.MAX_VALUE, 1_000).reversed()) {
      if (entry.id() > auditBegin) {
        ObjectNode row =
            NODES.objectNode().put("event", entry.row().event()).put("actor", entry.row().actor());
        rows.add(row.set("detail", detail(entry.row().detail())));
      }
    }
    return rows;
  }

  private static JsonNode detail(String json) {
    try {
      return StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      return NODES.stringNode(json);
    }
  }

  /** All key-value entries, by name. */
  public Map<String, String> entries() {
    Map<String, String> entries = new HashMap<>();
    String after = "";
    while (true) {
      var page = host.keyValues().list(name, after, 1_000);
      if (page.isEmpty()) {
        return entries;
      }
      for (var found : page) {
        after = found.name();
        entry(after).ifPresent(value -> entries.put(found.name(), value));
      }
    }
  }

  private void requireHook(String kind, String hook, List<Manifest.Hook> hooks) {
    Set<String> names = new TreeSet<>();
    hooks.forEach(one -> names.add(one.name()));
    if (!names.contains(hook)) {
      throw new IllegalArgumentException(
          "%s has no %s %s in its manifest; it has %s"
              .formatted(
                  manifest.id(),
                  kind,
                  hook,
                  names.isEmpty() ? "no " + kind + "s" : String.join(", ", names)));
    }
  }
}
