package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.trust.TrustPolicy;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Functions of the application as a real guest calls them, by answers and statuses of the ABI. */
@Timeout(60)
class HostFunctionsTest {
  private static final String PLUGIN = "asks";
  private static final String FIND = "posts.find";
  private static final String OTHER = "posts.count";

  private static final String DENIED = "-1";
  private static final String INTERNAL = "-2";
  private static final String BAD_ARGUMENTS = "-3";
  private static final String NOT_FOUND = "-4";
  private static final String QUOTA = "-5";

  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final AtomicReference<Host> opened = new AtomicReference<>();

  @TempDir private Path data;

  @AfterEach
  void every_lease_came_back() {
    Host host = opened.get();
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void a_plugin_gets_the_functions_answer() throws InterruptedException {
    activate(open(function(FIND, call -> Map.of("title", "Post " + call.request().path("id")))));

    assertThat(call(FIND, Map.of("id", 7))).isEqualTo("{\"title\":\"Post 7\"}");
    assertThat(timer(FIND, "OK").count()).isEqualTo(1);
  }

  @Test
  void a_function_learns_who_asks_and_how_much_time_is_left() throws InterruptedException {
    BlockingQueue<HostFunctionCall> calls = new ArrayBlockingQueue<>(1);
    activate(
        open(
            function(
                FIND,
                call -> {
                  calls.add(call);
                  return true;
                })));
    call(FIND, Map.of());

    HostFunctionCall seen = calls.take();
    assertThat(seen.plugin()).isEqualTo(PLUGIN);
    assertThat(seen.version()).isEqualTo("1.0.0");
    assertThat(seen.hook()).isEqualTo(FIND);
    assertThat(seen.remaining()).isPositive().isLessThan(OperatorLimits.defaults().chain());
  }

  @Test
  void a_null_answer_is_json_null() throws InterruptedException {
    activate(open(function(FIND, call -> null)));
    assertThat(call(FIND, Map.of())).isEqualTo("null");
  }

  @Test
  void a_function_without_a_grant_is_denied_audited_and_counted() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    Host host = open(function(FIND, call -> runs.incrementAndGet()));
    host.plugins().install(bundle().bytes());
    host.plugins().activate(PLUGIN);

    assertThat(call(FIND, Map.of())).isEqualTo(DENIED);
    assertThat(runs).hasValue(0);
    assertThat(host.audit().newest(PLUGIN, 10))
        .filteredOn(row -> row.event().equals("denied"))
        .singleElement()
        .extracting(AuditRow::detail)
        .asString()
        .contains("\"posts.find\"");
    assertThat(
            meters.get("gonext.plugin.denied").tags("plugin", PLUGIN, "capability", FIND).counter())
        .satisfies(counter -> assertThat(counter.count()).isEqualTo(1));

    host.plugins().grant(PLUGIN, FIND);
    assertThat(call(FIND, Map.of())).isEqualTo("1");
    host.plugins().revoke(PLUGIN, FIND);
    assertThat(call(FIND, Map.of())).isEqualTo(DENIED);
  }

  @Test
  void a_capability_that_the_manifest_does_not_request_stays_denied() throws InterruptedException {
    Host host = open(function(FIND, call -> 1), function("posts.other", call -> 1));
    activate(host, bundle().filter("posts.other"));
    assertThat(call("posts.other", Map.of())).isEqualTo(DENIED);
  }

  @Test
  void functions_may_share_a_capability() throws InterruptedException {
    Host host =
        open(
            HostFunctionSpec.builder(FIND, call -> 1).capability("posts.read").build(),
            HostFunctionSpec.builder(OTHER, call -> 2).capability("posts.read").build());
    activate(host, bundle().field("capabilities", "[\"posts.read\"]"));
    assertThat(call(FIND, Map.of())).isEqualTo("1");
    assertThat(call(OTHER, Map.of())).isEqualTo("2");
  }

  @Test
  void an_unknown_function_is_not_found() throws InterruptedException {
    Host host = open(function(FIND, call -> 1), function(OTHER, call -> 1));
    activate(host, permitted(host).filter("posts.fnid").filter("x".repeat(65)));
    assertThat(call("posts.fnid", Map.of())).isEqualTo(NOT_FOUND);
    assertThat(call("x".repeat(65), Map.of())).isEqualTo(BAD_ARGUMENTS);
  }

  @Test
  void a_request_that_is_not_json_does_not_reach_the_function() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    Host host = open(function(FIND, call -> runs.incrementAndGet()));
    activate(host);
    assertThat(call(FIND, "{oops")).isEqualTo(BAD_ARGUMENTS);
    assertThat(call(FIND, "")).isEqualTo(BAD_ARGUMENTS);
    assertThat(runs).hasValue(0);
    assertThat(timer(FIND, "BAD_REQUEST").count()).isEqualTo(2);
    assertThat(pluginLog(host)).contains("gn_app_call posts.find: the request is not JSON");
  }

  @Test
  void a_request_that_does_not_match_its_schema_does_not_reach_the_function()
      throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    Host host =
        open(
            HostFunctionSpec.builder(FIND, call -> runs.incrementAndGet())
                .requestSchema(
                    """
                    {"type":"object","properties":{"id":{"type":"integer"}},"required":["id"]}
                    """)
                .build());
    activate(host);
    assertThat(call(FIND, Map.of())).isEqualTo(BAD_ARGUMENTS);
    assertThat(call(FIND, "{\\\"id\\\":1e300}")).isEqualTo(BAD_ARGUMENTS);
    assertThat(runs).hasValue(0);
    assertThat(pluginLog(host)).contains("does not match its schema: /: required property 'id'");
    assertThat(call(FIND, Map.of("id", 2e2))).isEqualTo("1");
  }

  @Test
  void an_answer_that_does_not_match_its_schema_does_not_reach_the_guest()
      throws InterruptedException {
    activate(
        open(
            HostFunctionSpec.builder(FIND, call -> Map.of("secret", 1))
                .answerSchema("{\"type\":\"array\"}")
                .build()));
    assertThat(call(FIND, Map.of())).isEqualTo(INTERNAL);
    assertThat(timer(FIND, "BAD_ANSWER").count()).isEqualTo(1);
  }

  @Test
  void the_text_of_an_exception_does_not_reach_the_plugin() throws InterruptedException {
    Host host =
        open(
            function(
                FIND,
                call -> {
                  throw new IllegalStateException("password is hunter2");
                }));
    activate(host);
    assertThat(call(FIND, Map.of())).isEqualTo(INTERNAL);
    assertThat(timer(FIND, "FAILED").count()).isEqualTo(1);
    assertThat(pluginLog(host))
        .contains("the function did not answer (FAILED)")
        .doesNotContain("hunter2");
  }

  @Test
  void an_error_in_a_function_hurts_its_caller_only() throws InterruptedException {
    Host host =
        open(
            function(
                FIND,
                call -> {
                  throw switch (call.request().path("n").asInt()) {
                    case 0 -> new StackOverflowError();
                    case 1 -> new NoClassDefFoundError("lost");
                    default -> new AssertionError("wrong");
                  };
                }),
            function(OTHER, call -> 5));
    activate(host);
    for (int n = 0; n < 3; n++) {
      assertThat(call(FIND, Map.of("n", n))).isEqualTo(INTERNAL);
    }
    assertThat(call(OTHER, Map.of())).isEqualTo("5");
  }

  @Test
  void an_answer_of_100_mb_is_an_internal_error() throws InterruptedException {
    Host host =
        open(
            function(FIND, call -> "x".repeat(100 * 1024 * 1024)),
            function(OTHER, call -> List.of("y".repeat(2 * 1024 * 1024))));
    activate(host);
    assertThat(call(FIND, Map.of())).isEqualTo(INTERNAL);
    assertThat(call(OTHER, Map.of())).isEqualTo(INTERNAL);
    assertThat(timer(FIND, "BAD_ANSWER").count()).isEqualTo(1);
  }

  @Test
  void an_answer_without_a_json_form_is_an_internal_error() throws InterruptedException {
    Map<String, Object> endless = new HashMap<>();
    endless.put("self", endless);
    activate(open(function(FIND, call -> endless)));
    assertThat(call(FIND, Map.of())).isEqualTo(INTERNAL);
    assertThat(timer(FIND, "BAD_ANSWER").count()).isEqualTo(1);
  }

  @Test
  void a_function_that_hangs_is_interrupted_at_the_callers_deadline() throws InterruptedException {
    AtomicBoolean interrupted = new AtomicBoolean();
    Host host =
        open(
            function(
                FIND,
                call -> {
                  try {
                    new CountDownLatch(1).await();
                  } finally {
                    interrupted.set(true);
                  }
                  return 1;
                }),
            function(OTHER, call -> 5));
    activate(host, permitted(host).limit("wait_ms", 200));

    FilterResult result = host.applyFilters(FIND, Map.of());
    // The function is to blame, so no breaker opens.
    assertThat(result.degraded())
        .extracting(Degradation::code)
        .containsExactly("APPLICATION_UNAVAILABLE");
    assertThat(interrupted).isTrue();
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(timer(FIND, "TIMED_OUT").count()).isEqualTo(1);
    assertThat(call(OTHER, Map.of())).isEqualTo("5");
  }

  @Test
  void a_function_that_ignores_interrupts_holds_its_caller_only() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Host host =
        open(
            function(
                FIND,
                call -> {
                  while (true) {
                    try {
                      release.await();
                      return 1;
                    } catch (InterruptedException e) {
                      interrupted.countDown();
                    }
                  }
                }),
            function(OTHER, call -> 5));
    activate(host, permitted(host).limit("wait_ms", 100).limit("instances_max", 2));
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<FilterResult> stuck = executor.submit(() -> host.applyFilters(FIND, Map.of()));
      interrupted.await();
      for (int i = 0; i < 20; i++) {
        assertThat(call(OTHER, Map.of())).isEqualTo("5");
      }
      assertThat(stuck.isDone()).isFalse();
      release.countDown();
      assertThat(stuck.get().degraded()).hasSize(1);
    }
  }

  @Test
  void calls_back_into_the_same_plugin_are_eight_deep_at_most() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    Host host =
        open(
            HostConfig.builder(data)
                .trust(TrustPolicy.off())
                .limits(OperatorLimits.defaults().withInstances(12)),
            function(
                FIND,
                call -> {
                  runs.incrementAndGet();
                  return opened.get().applyFilters(FIND, call.request()).value();
                }));
    activate(host, bundle().limit("instances_max", 12));

    assertThat(call(FIND, Map.of())).isEqualTo(QUOTA);
    assertThat(runs).hasValue(8);
    assertThat(timer(FIND, "TOO_DEEP").count()).isEqualTo(1);
    assertThat(pluginLog(host)).contains("8 functions of the application are inside one another");
  }

  @Test
  void a_call_back_that_finds_no_free_instance_fails_and_does_not_wait_forever()
      throws InterruptedException {
    BlockingQueue<FilterResult> inner = new ArrayBlockingQueue<>(1);
    Host host =
        open(
            function(
                FIND,
                call -> {
                  inner.add(opened.get().applyFilters(OTHER, Map.of()));
                  return 3;
                }),
            function(OTHER, call -> 5));
    activate(host, permitted(host).limit("instances_max", 1).limit("call_ms", 1000));
    assertThat(call(FIND, Map.of())).isEqualTo("3");
    assertThat(inner.take().degraded()).extracting(Degradation::code).containsExactly("SATURATED");
  }

  @Test
  void an_interrupt_of_the_caller_ends_its_call() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    Host host =
        open(
            function(
                FIND,
                call -> {
                  begun.countDown();
                  new CountDownLatch(1).await();
                  return 1;
                }));
    activate(host);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        Thread.ofVirtual()
            .start(() -> {
              try {
                host.applyFilters(FIND, Map.of());
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    begun.await();
    caller.interrupt();
    caller.join();
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    assertThat(timer(FIND, "INTERRUPTED").count()).isEqualTo(1);
  }

  @Test
  void a_new_version_calls_no_function_before_it_serves() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    Host host = open(function(FIND, call -> runs.incrementAndGet()));
    activate(host);
    for (int i = 0; i < 50; i++) {
      call(FIND, Map.of("n", i));
    }
    host.plugins().update(PLUGIN, bundle().version("1.1.0").bytes());
    assertThat(runs).hasValue(50);
    assertThat(call(FIND, Map.of())).isEqualTo("51");
  }

  @Test
  void a_call_is_a_span_inside_the_span_of_its_hook() throws InterruptedException {
    InMemorySpanExporter spans = InMemorySpanExporter.create();
    try (SdkTracerProvider provider =
        SdkTracerProvider.builder().addSpanProcessor(SimpleSpanProcessor.create(spans)).build()) {
      activate(
          open(
              HostConfig.builder(data)
                  .trust(TrustPolicy.off())
                  .telemetry(OpenTelemetrySdk.builder().setTracerProvider(provider).build()),
              function(FIND, call -> 1)));
      call(FIND, Map.of());
      SpanData inner = spans.getFinishedSpanItems().get(0);
      SpanData outer = spans.getFinishedSpanItems().get(1);
      assertThat(inner.getName()).isEqualTo("gonext.app_call posts.find");
      assertThat(inner.getParentSpanId()).isEqualTo(outer.getSpanId());
      assertThat(outer.getName()).isEqualTo("gonext.hook posts.find");
    }
  }

  @Test
  void users_and_media_have_imports_of_their_own() throws InterruptedException {
    Host host =
        open(
            function("users.read", call -> List.of("ada", call.request())),
            function("media.read", call -> call.request().path("id").asInt() + 1));
    GuestBundle bundle =
        GuestBundle.of(PLUGIN, Guests.wasm("app-net"))
            .filter("users.by")
            .filter("media.by")
            .field("capabilities", "[\"users.read\",\"media.read\"]");
    host.plugins().install(bundle.bytes());
    host.plugins().activate(PLUGIN);
    assertThat(call("users.by", 1)).as("denied in env_net").isEqualTo("-2");
    host.plugins().grantRequested(PLUGIN);
    assertThat(call("users.by", 1)).isEqualTo("[\"ada\",1]");
    assertThat(call("media.by", Map.of("id", 1))).isEqualTo("2");
  }

  @Test
  void users_and_media_are_not_found_where_the_application_has_no_such_function()
      throws InterruptedException {
    Host host = open(function(FIND, call -> 1));
    host.plugins()
        .install(GuestBundle.of(PLUGIN, Guests.wasm("app-net")).filter("users.by").bytes());
    host.plugins().activate(PLUGIN);
    assertThat(call("users.by", 1)).as("not found in env_net").isEqualTo("-6");
  }

  @Test
  void a_functions_capability_is_registered_when_the_host_opens() throws InterruptedException {
    Capability own = new Capability("orders.refund", "Pay money back", "orders", "refund", false);
    Host host =
        open(
            HostFunctionSpec.builder(FIND, call -> 1).description("Find a post").build(),
            HostFunctionSpec.builder(OTHER, call -> 1).capability("posts.read").build(),
            HostFunctionSpec.builder("orders.pay_back", call -> 1).capability(own).build());

    CapabilityRegistry registry = host.capabilities();
    assertThat(registry.find(FIND).orElseThrow())
        .isEqualTo(new Capability(FIND, "Find a post", "posts", "find", true));
    assertThat(registry.notOffered("posts.read")).isEmpty();
    assertThat(registry.find("posts.read").orElseThrow().description())
        .isEqualTo("Read the application's posts");
    assertThat(registry.find("orders.refund")).contains(own);
    assertThat(host.functions()).extracting(HostFunctionSpec::name).contains(FIND, OTHER);
  }

  @Test
  void install_warns_of_a_capability_that_no_function_offers() throws InterruptedException {
    Host host = open(HostFunctionSpec.builder(FIND, call -> 1).capability("posts.read").build());
    InstallResult installed =
        host.plugins()
            .install(bundle().field("capabilities", "[\"posts.read\",\"users.read\"]").bytes());
    assertThat(installed.warnings())
        .containsExactly(
            "the application does not offer users.read: it is denied until that changes");
  }

  @Test
  void a_specification_is_refused_with_a_sentence() throws InterruptedException {
    assertThatThrownBy(() -> function("find", call -> 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the name of a function is a dotted lower-case token of at most 64 characters, such as"
                + " posts.find, not find");
    assertThatThrownBy(
            () -> HostFunctionSpec.builder(FIND, call -> 1).requestSchema("{\"type\":\"text\"}"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(
            "the schema of the request of posts.find: it is not a JSON Schema 2020-12: /type:");
    assertThatThrownBy(() -> HostFunctionSpec.builder(FIND, call -> 1).answerSchema("{"))
        .hasMessageStartingWith("the schema of the answer of posts.find: it ends");
    HostConfig.Builder twice =
        HostConfig.builder(data)
            .trust(TrustPolicy.off())
            .function(function(FIND, call -> 1))
            .function(function(FIND, call -> 2));
    assertThatThrownBy(twice::build).hasMessage("two functions are named posts.find");
    open();
  }

  private static HostFunctionSpec function(String name, HostFunctionHandler handler) {
    return HostFunctionSpec.builder(name, handler).build();
  }

  private Host open(HostFunctionSpec... functions) throws InterruptedException {
    return open(HostConfig.builder(data).trust(TrustPolicy.off()), functions);
  }

  private Host open(HostConfig.Builder config, HostFunctionSpec... functions)
      throws InterruptedException {
    for (HostFunctionSpec function : functions) {
      config.function(function);
    }
    Host host = Host.open(config.meters(meters).build());
    opened.set(host);
    return host;
  }

  /** A plugin that calls two functions, each of which it may call. */
  private static GuestBundle bundle() {
    return GuestBundle.of(PLUGIN, Guests.wasm("app"))
        .filter(FIND)
        .filter(OTHER)
        .field("capabilities", "[\"posts.find\"]");
  }

  private static void activate(Host host) throws InterruptedException {
    activate(host, permitted(host));
  }

  /** A bundle that requests the capabilities of all functions. */
  private static GuestBundle permitted(Host host) {
    return bundle()
        .field(
            "capabilities",
            host.functions().stream()
                .map(function -> "\"" + function.capability() + "\"")
                .distinct()
                .collect(Collectors.joining(",", "[", "]")));
  }

  private static void activate(Host host, GuestBundle bundle) throws InterruptedException {
    host.plugins().install(bundle.bytes());
    host.plugins().grantRequested(PLUGIN);
    host.plugins().activate(PLUGIN);
  }

  /** The guest's answer, or its status, as JSON. */
  private String call(String function, Object request) throws InterruptedException {
    FilterResult result = opened.get().applyFilters(function, request);
    assertThat(result.degraded()).isEmpty();
    JsonNode value = result.value();
    return value.toString();
  }

  private Timer timer(String function, String outcome) {
    return meters
        .get("gonext.plugin.app.call")
        .tags("plugin", PLUGIN, "function", function, "outcome", outcome)
        .timer();
  }

  private static String pluginLog(Host host) {
    return String.join("\n", host.logs().recent(PLUGIN).stream().map(LogLine::text).toList());
  }
}
