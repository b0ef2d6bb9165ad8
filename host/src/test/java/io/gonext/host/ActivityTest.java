package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HandlerActivity.BreakerState;
import io.gonext.host.NotedCall.Handler;
import io.gonext.host.NotedCall.Kind;
import io.gonext.host.NotedCall.Why;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.pool.InstanceInfo;
import io.gonext.pool.PoolSnapshot;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What operators see of calls: real guests in a real host. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
class ActivityTest {
  private static final String FIND = "posts.find";

  @TempDir private static Path data;
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final CountDownLatch entered = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);
  private Host host;

  @BeforeAll
  void open() throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(data)
                .trust(TrustPolicy.off())
                .jobs(JobsTest.QUICK)
                .telemetry(
                    OpenTelemetrySdk.builder()
                        .setTracerProvider(
                            SdkTracerProvider.builder()
                                .addSpanProcessor(SimpleSpanProcessor.create(spans))
                                .build())
                        .build())
                .function(HostFunctionSpec.builder(FIND, this::find).build())
                .build());
  }

  @AfterEach
  void uninstall() throws InterruptedException {
    for (var plugin : host.plugins().list()) {
      host.plugins().deactivate(plugin.name());
      host.plugins().uninstall(plugin.name());
    }
    assertThat(host.activity().recentCalls()).isEmpty();
  }

  @AfterAll
  void close() {
    host.close();
  }

  /** The first call takes longer than a slow call, and lets the second wait meanwhile. */
  private Object find(HostFunctionCall call) throws InterruptedException {
    if (entered.getCount() > 0) {
      entered.countDown();
      release.await();
    }
    return true;
  }

  private void deploy(GuestBundle bundle, String... grants) throws InterruptedException {
    host.plugins().deploy(bundle.bytes(), Set.of(grants));
  }

  private PluginActivity activity(String plugin) {
    return host.activity().plugin(plugin).orElseThrow();
  }

  private HandlerActivity handler(String plugin, Kind kind, String name) {
    return activity(plugin).handlers().stream()
        .filter(one -> one.handler().equals(new Handler(kind, name)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void a_trap_is_recorded_with_message_backtrace_and_trace() throws Exception {
    deploy(GuestBundle.of("panic").filter("shout"));
    host.applyFilters("shout", "a payload that nobody keeps");

    NotedCall call = host.activity().recentCalls("panic").getLast();
    assertThat(call.plugin()).isEqualTo("panic");
    assertThat(call.version()).isEqualTo("1.0.0");
    assertThat(call.handler()).isEqualTo(new Handler(Kind.HOOK, "shout"));
    assertThat(call.why()).isEqualTo(Why.FAILED);
    assertThat(call.outcome()).isEqualTo(HookOutcome.GUEST_PANIC);
    assertThat(call.reason()).contains("the guest gave up");
    assertThat(call.backtrace()).isNotEmpty();
    assertThat(call.took()).isPositive().isGreaterThanOrEqualTo(call.guest());
    assertThat(call.traceId()).isEqualTo(spans.getFinishedSpanItems().getLast().getTraceId());
    assertThat(call.toString()).doesNotContain("nobody keeps");
  }

  @Test
  void a_good_call_is_counted_and_timed_and_not_recorded() throws Exception {
    deploy(GuestBundle.of("upper").filter("shout"));
    host.applyFilters("shout", "a");

    HandlerActivity shout = handler("upper", Kind.HOOK, "shout");
    assertThat(shout.calls()).isEqualTo(1);
    assertThat(shout.failures()).isZero();
    assertThat(shout.times().orElseThrow().p99()).isPositive();
    assertThat(shout.breaker()).isEqualTo(BreakerState.CLOSED);
    assertThat(activity("upper").times()).isPresent();
    assertThat(activity("upper").calls()).isEqualTo(1);
    assertThat(host.activity().recentCalls("upper")).noneMatch(c -> c.why() == Why.FAILED);
  }

  @Test
  void a_breaker_that_opens_shows_and_its_refusals_are_failures() throws Exception {
    deploy(GuestBundle.of("panic").filter("shout").limit("breaker", "{\"min_calls\":3}"));
    for (int i = 0; i < 5; i++) {
      host.applyFilters("shout", "a");
    }

    HandlerActivity shout = handler("panic", Kind.HOOK, "shout");
    assertThat(shout.breaker()).isNotEqualTo(BreakerState.CLOSED);
    assertThat(activity("panic").breaker()).isEqualTo(shout.breaker());
    assertThat(shout.failures()).isEqualTo(5);
    assertThat(host.activity().recentCalls("panic"))
        .isNotEmpty()
        .noneMatch(call -> call.outcome() == HookOutcome.BREAKER_OPEN);
  }

  @Test
  void routes_are_counted_one_by_one() throws Exception {
    deploy(GuestBundle.of("route-echo").route("GET", "/a/{id}").route("GET", "/b"));
    for (String path : List.of("/a/1", "/a/2", "/b")) {
      host.serve("route-echo", new PluginRequest("GET", path, "", Map.of(), new byte[0]));
    }

    assertThat(handler("route-echo", Kind.ROUTE, "GET /a/{id}").calls()).isEqualTo(2);
    assertThat(handler("route-echo", Kind.ROUTE, "GET /b").calls()).isEqualTo(1);
    assertThat(activity("route-echo").handlers()).hasSize(2);
  }

  @Test
  void a_job_that_fails_is_recorded_and_one_that_succeeds_is_counted() throws Exception {
    JobsTest.activate(host, JobsTest.bundle("jobs", "1.0.0", JobsTest.JOBS));
    for (String job : List.of("ok", "trap", "bad")) {
      JobsTest.ended(host, host.jobs().run("jobs", job, JobsTest.json("{}")).id());
    }

    assertThat(handler("jobs", Kind.JOB, "ok").calls()).isEqualTo(1);
    assertThat(handler("jobs", Kind.JOB, "ok").failures()).isZero();
    assertThat(host.activity().recentCalls("jobs"))
        .filteredOn(call -> call.handler().equals(new Handler(Kind.JOB, "trap")))
        .first()
        .satisfies(call -> assertThat(call.backtrace()).isNotEmpty());
    assertThat(host.activity().recentCalls("jobs"))
        .filteredOn(call -> call.handler().equals(new Handler(Kind.JOB, "bad")))
        .first()
        .satisfies(call -> assertThat(call.reason()).isEqualTo("bad payload"));
    assertThat(host.activity().jobInstances("jobs").orElseThrow().instances()).isNotEmpty();
  }

  @Test
  void a_slow_call_says_what_was_waiting_and_what_was_host() throws Exception {
    deploy(
        GuestBundle.of("asks", Guests.wasm("app"))
            .filter(FIND)
            .limit("instances_max", 1)
            .field("capabilities", "[\"posts.find\"]"),
        FIND);
    List<NotedCall> followed = new ArrayList<>();
    Runnable stop = host.activity().followCalls(followed::add);
    FutureTask<Object> first = call();
    entered.await();
    FutureTask<Object> second = call();
    await().until(() -> host.activity().instances("asks").orElseThrow().waits().size() == 1);
    PoolSnapshot pool = host.activity().instances("asks").orElseThrow();
    // The time is what is tested: both calls must take longer than a slow one.
    long until = System.nanoTime() + NotedCall.SLOW.plusMillis(20).toNanos();
    while (System.nanoTime() - until < 0) {
      LockSupport.parkNanos(1_000_000);
    }
    release.countDown();
    first.get();
    second.get();
    stop.run();

    assertThat(pool.instances())
        .singleElement()
        .extracting(InstanceInfo::state)
        .isEqualTo(InstanceInfo.State.LEASED);
    assertThat(followed).hasSize(2).allMatch(call -> call.why() == Why.SLOW);
    assertThat(followed)
        .anySatisfy(call -> {
          assertThat(call.host()).isGreaterThan(NotedCall.SLOW);
          assertThat(call.queued()).isZero();
        })
        .anySatisfy(call -> {
          assertThat(call.queued()).isGreaterThan(NotedCall.SLOW);
          assertThat(call.guest()).isLessThan(call.queued());
          assertThat(call.took()).isGreaterThanOrEqualTo(call.queued().plus(call.guest()));
        });
  }

  private FutureTask<Object> call() {
    FutureTask<Object> call = new FutureTask<>(() -> host.applyFilters(FIND, Map.of()));
    Thread.ofVirtual().start(call);
    return call;
  }

  @Test
  void a_tick_adds_a_point_to_the_history_of_what_serves() throws Exception {
    deploy(GuestBundle.of("upper").filter("shout"));
    host.applyFilters("shout", "a");
    host.activity().endTick();

    assertThat(host.activity().history("upper"))
        .anySatisfy(point -> {
          assertThat(point.callsPerSecond()).isPositive();
          assertThat(point.bytes()).isPositive();
        });
    assertThat(host.activity().history("nobody")).isEmpty();
  }

  @Test
  void the_memory_of_the_host_counts_its_instances() throws Exception {
    deploy(GuestBundle.of("upper").filter("shout"));

    HostMemory memory = host.activity().memory();
    assertThat(memory.instances()).isPositive().isLessThan(memory.instancesBudget());
    assertThat(memory.heapUsed()).isPositive().isLessThanOrEqualTo(memory.heapMax());
  }

  @Test
  void a_plugin_out_of_service_has_no_activity() {
    assertThat(host.activity().plugin("nobody")).isEmpty();
    assertThat(host.activity().instances("nobody")).isEmpty();
    assertThat(host.activity().plugins()).isEmpty();
    assertThat(Duration.ofMillis(100)).isEqualTo(NotedCall.SLOW);
  }
}
