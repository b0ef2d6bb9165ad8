package io.gonext.testkit.file;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Coverage;
import io.gonext.host.HostException;
import io.gonext.host.InvalidConfigException;
import io.gonext.testkit.CallResult;
import io.gonext.testkit.Expected;
import io.gonext.testkit.FetchAnswers;
import io.gonext.testkit.FetchPattern;
import io.gonext.testkit.FunctionAnswers;
import io.gonext.testkit.FunctionPattern;
import io.gonext.testkit.Script;
import io.gonext.testkit.TestEngine;
import io.gonext.testkit.TestHost;
import io.gonext.testkit.TestPlugin;
import io.gonext.testkit.file.FileTest.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Runs tests of one plugin: each on a host of its own, while the plugin is compiled once.
 *
 * <p>For one thread.
 */
public final class TestSuite implements AutoCloseable {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final byte[] bundle;
  private final Defaults defaults;
  private final TestEngine engine;

  /**
   * What a test has unless it says otherwise.
   *
   * @param config the values of the configuration; empty for none
   * @param functions answers of the application's functions, after those of the test
   * @param capabilities what the application offers besides
   */
  public record Defaults(
      Optional<ObjectNode> config, List<Function> functions, Set<String> capabilities) {
    /** None. */
    public static final Defaults NONE = new Defaults(Optional.empty(), List.of(), Set.of());

    public Defaults {
      functions = List.copyOf(functions);
      capabilities = Set.copyOf(capabilities);
    }
  }

  /** A function of the application that always answers the same. */
  public record Function(String name, String capability, JsonNode answer) {}

  private TestSuite(byte[] bundle, Defaults defaults, TestEngine engine) {
    this.bundle = bundle.clone();
    this.defaults = defaults;
    this.engine = engine;
  }

  /**
   * Opens a suite.
   *
   * @param bundle that a host would accept
   */
  public static TestSuite of(byte[] bundle, Defaults defaults, CompileCache compiled) {
    return new TestSuite(bundle, defaults, TestEngine.of(compiled));
  }

  /**
   * Opens a suite that counts which of the plugin's code runs.
   *
   * @param module of the bundle
   */
  public static TestSuite counting(
      byte[] bundle, byte[] module, Defaults defaults, CompileCache compiled) {
    return new TestSuite(bundle, defaults, TestEngine.counting(compiled, module));
  }

  /** What of the plugin ran in all tests until now. */
  public Coverage coverage() {
    return engine.coverage();
  }

  /** Runs a test. */
  public TestOutcome run(FileTest test) {
    long begin = System.nanoTime();
    ObjectNode given = test.given();
    TestHost.Builder settings = TestHost.builder().engine(engine);
    if (given.has("clock")) {
      settings.clock(Instant.parse(given.get("clock").stringValue()));
    }
    if (given.has("seed")) {
      settings.seed(given.get("seed").longValue());
    }
    defaults.capabilities.forEach(settings::capability);
    List<String> problems = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    ObjectNode then = test.then();
    try (TestHost host = settings.build()) {
      script(host, given);
      TestPlugin plugin = prepared(host, given, problems);
      if (plugin != null) {
        List<CallResult> results = new ArrayList<>();
        for (Step step : test.steps()) {
          results.add(make(step, plugin));
        }
        then = compared(test, plugin, results, problems, lines);
      }
      problems.addAll(host.unanswered());
    } catch (IllegalArgumentException | HostException | AssertionError e) {
      problems.add(String.valueOf(e.getMessage()));
    }
    return new TestOutcome(
        test.name(), problems, lines, Duration.ofNanos(System.nanoTime() - begin), then);
  }

  private void script(TestHost host, ObjectNode given) {
    for (JsonNode entry : given.path("fetch")) {
      FetchPattern pattern =
          Script.fetch(entry.path("method").asString("GET"), entry.get("url").stringValue());
      if (entry.has("body")) {
        pattern = pattern.body(Expected.of(entry.get("body")));
      }
      FetchAnswers answers = host.given(pattern);
      for (JsonNode answer : entry.path("answers")) {
        answer(answers, answer);
      }
      for (JsonNode failure : entry.path("fails_on_call")) {
        answers.failsOnCall(failure.get("call").intValue(), failure.get("status").intValue());
      }
    }
    for (JsonNode entry : given.path("functions")) {
      String name = entry.get("name").stringValue();
      FunctionPattern pattern =
          Script.function(name).capability(entry.path("capability").asString(capability(name)));
      if (entry.has("request")) {
        pattern = pattern.request(Expected.of(entry.get("request")));
      }
      FunctionAnswers answers = host.given(pattern);
      entry.path("answers").forEach(answers::answers);
      if (entry.path("fails").asBoolean(false)) {
        answers.fails();
      }
      entry.path("fails_on_call").forEach(call -> answers.failsOnCall(call.intValue()));
    }
    for (Function function : defaults.functions) {
      host.given(Script.function(function.name).capability(function.capability))
          .answers(function.answer);
    }
  }

  private String capability(String function) {
    return defaults.functions.stream()
        .filter(known -> known.name.equals(function))
        .map(Function::capability)
        .findFirst()
        .orElse(function);
  }

  private static void answer(FetchAnswers answers, JsonNode answer) {
    switch (answer.path("fails").asString("")) {
      case "timeout" -> answers.timesOut();
      case "connection" -> answers.isDown();
      default -> {
        Map<String, String> headers = new TreeMap<>();
        answer
            .path("headers")
            .forEachEntry((name, value) -> headers.put(name, value.stringValue()));
        answers.answers(
            answer.path("status").asInt(200), headers, FileTest.text(answer.get("body")));
      }
    }
  }

  /** The plugin, started; null with a problem when what is given is not acceptable. */
  private @Nullable TestPlugin prepared(TestHost host, ObjectNode given, List<String> problems) {
    TestPlugin plugin = host.install(bundle);
    String place = "config";
    try {
      if (given.get("config") instanceof ObjectNode values) {
        plugin.config(values);
      } else {
        defaults.config.ifPresent(plugin::config);
      }
      place = "secrets";
      given.path("secrets").forEachEntry((name, value) -> plugin.secret(name, value.stringValue()));
      place = "kv";
      given.path("kv").forEachEntry((name, value) -> plugin.entry(name, value.stringValue()));
      place = "start";
      plugin.start();
      place = "sql";
      given.path("sql").forEach(statement -> plugin.sql(statement.stringValue()));
      return plugin;
    } catch (InvalidConfigException e) {
      e.problems().forEach(problem -> problems.add("given config " + problem));
    } catch (IllegalArgumentException | HostException e) {
      problems.add(
          (place.equals("start") ? "the plugin does not start: " : "given " + place + ": ")
              + e.getMessage());
    }
    return null;
  }

  private static CallResult make(Step step, TestPlugin plugin) {
    return switch (step) {
      case Step.Filter(String hook, JsonNode value, List<JsonNode> args) ->
          plugin.filter(hook, value, args.toArray());
      case Step.Action(String hook, List<JsonNode> args) -> plugin.action(hook, args.toArray());
      case Step.Request(String method, String path, var headers, String body) ->
          plugin.request(method, path, headers, body);
      case Step.Job(String job, ObjectNode args) -> plugin.job(job, args);
      case Step.Advance(Duration time) -> plugin.advance(time);
    };
  }

  /** Compares, and returns the expectation that would have passed. */
  private static ObjectNode compared(
      FileTest test,
      TestPlugin plugin,
      List<CallResult> results,
      List<String> problems,
      List<String> lines) {
    ObjectNode wanted = test.then();
    ObjectNode met = NODES.objectNode();
    compareResults(test, results, problems, met);
    if (wanted.has("calls")) {
      compare(
          "calls",
          wanted,
          plugin.calls().stream().filter(call -> !call.isLog()).map(call -> call.json()),
          problems,
          met);
    }
    if (wanted.has("logs")) {
      compare("logs", wanted, plugin.logs().stream().map(line -> line.json()), problems, met);
    }
    if (wanted.has("audit")) {
      compare("audit", wanted, plugin.audit().stream(), problems, met);
    }
    if (wanted.has("kv")) {
      ObjectNode entries = NODES.objectNode();
      new TreeMap<>(plugin.entries()).forEach(entries::put);
      compare("kv", Expected.of(wanted.get("kv")), entries, problems, met);
    }
    if (wanted.has("fuel_at_most")) {
      long most = wanted.get("fuel_at_most").longValue();
      met.put("fuel_at_most", Math.max(most, plugin.fuel()));
      if (plugin.fuel() > most) {
        problems.add("fuel: expected at most " + most + ", got " + plugin.fuel());
      }
    }
    if (!problems.isEmpty()) {
      for (CallResult result : results) {
        result.backtrace().forEach(frame -> lines.add("at " + frame));
      }
      plugin.logs().forEach(line -> lines.add(line.toString()));
    }
    return problems.isEmpty() ? wanted : inOrder(wanted, met);
  }

  /** The parts in the order in which the test has them, and new ones after them. */
  private static ObjectNode inOrder(ObjectNode wanted, ObjectNode met) {
    ObjectNode ordered = NODES.objectNode();
    wanted.propertyNames().forEach(name -> ordered.set(name, met.get(name)));
    met.forEachEntry((name, value) -> {
      if (!ordered.has(name)) {
        ordered.set(name, value);
      }
    });
    return ordered;
  }

  private static void compareResults(
      FileTest test, List<CallResult> results, List<String> problems, ObjectNode met) {
    JsonNode wanted = test.then().path("results");
    boolean fails = results.stream().anyMatch(CallResult::isFailed);
    ArrayNode all = NODES.arrayNode();
    for (int i = 0; i < results.size(); i++) {
      CallResult result = results.get(i);
      String place = "step " + (i + 1) + " (" + result.what() + ")";
      if (wanted.isMissingNode()) {
        all.add(result.json());
        if (result.isFailed()) {
          problems.add(place + " failed: " + result.json().get("reason").asString(""));
        }
        continue;
      }
      Expected expected = Expected.of(wanted.get(i));
      if (test.steps().get(i) instanceof Step.Request && isPlain(wanted.get(i))) {
        Expected named = Expected.of(NODES.objectNode().set("$partial", wanted.get(i)));
        named.differences(result.json()).forEach(text -> problems.add(place + " " + text));
        all.add(named.meeting(result.json()).json().path("$partial"));
      } else {
        expected.differences(result.json()).forEach(text -> problems.add(place + " " + text));
        all.add(expected.meeting(result.json()).json());
      }
    }
    if (!wanted.isMissingNode() || fails) {
      met.set("results", all);
    }
  }

  /** An object without a matcher around it. */
  private static boolean isPlain(JsonNode node) {
    return node.isObject()
        && node.propertyNames().stream().noneMatch(name -> name.startsWith("$"))
        && !node.has("failed");
  }

  private static void compare(
      String part,
      ObjectNode wanted,
      Stream<? extends JsonNode> got,
      List<String> problems,
      ObjectNode met) {
    ArrayNode array = NODES.arrayNode();
    got.forEach(array::add);
    compare(part, Expected.of(wanted.get(part)), array, problems, met);
  }

  private static void compare(
      String part, Expected expected, JsonNode got, List<String> problems, ObjectNode met) {
    expected.differences(got).forEach(difference -> problems.add(part + " " + difference));
    met.set(part, expected.meeting(got).json());
  }

  @Override
  public void close() {
    engine.close();
  }
}
