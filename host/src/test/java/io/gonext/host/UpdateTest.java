package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.manifest.Reach;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** One version of a plugin in the place of another. */
@ParameterizedClass
@EnumSource
@Execution(ExecutionMode.CONCURRENT)
class UpdateTest {
  private static final UpdatePolicy NO_WARM_UP = UpdatePolicy.defaults().withWarmUp(Duration.ZERO);

  @TempDir private Path data;
  private final Database database;
  private Host host;

  UpdateTest(StoreFixture fixture) {
    database = fixture.create();
  }

  @BeforeEach
  void open() throws InterruptedException {
    host =
        Host.open(
            Patience.config(data).toBuilder()
                .database(database)
                .updates(NO_WARM_UP)
                .routeRate(RouteRate.UNLIMITED)
                .build());
  }

  @AfterEach
  void every_lease_came_back() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void the_new_version_serves_and_goes_back_on_request() throws InterruptedException {
    activate(version("1"));
    UpdateResult updated = host.plugins().update(version("2").bytes());
    assertThat(updated)
        .isInstanceOfSatisfying(
            UpdateResult.Replaced.class,
            replaced -> {
              assertThat(replaced.from()).isEqualTo("1.0.0");
              assertThat(replaced.to()).isEqualTo("2.0.0");
            });
    assertThat(served()).isEqualTo("2");

    host.plugins().rollback("app");
    assertThat(served()).isEqualTo("1");
    host.plugins().rollback("app");
    assertThat(served()).isEqualTo("2");

    host.close();
    open();
    assertThat(served()).isEqualTo("2");
    host.plugins().rollback("app");
    assertThat(served()).isEqualTo("1");
  }

  @Test
  void a_plugin_out_of_service_stays_so() throws InterruptedException {
    host.plugins().install(version("1").bytes());
    host.plugins().update(version("2").bytes());
    assertThat(host.health().pools()).isEmpty();
    host.plugins().activate("app");
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void the_same_bundle_changes_nothing() throws InterruptedException {
    activate(version("1"));
    assertThat(host.plugins().update(version("1").bytes()))
        .isEqualTo(new UpdateResult.Unchanged("1.0.0"));
    assertThat(host.plugins().list()).singleElement().extracting("previous").isNull();
  }

  @Test
  void a_plugin_that_is_not_installed_cannot_be_updated() {
    assertThatThrownBy(() -> host.plugins().update(version("1").bytes()))
        .isInstanceOf(UnknownPluginException.class);
  }

  @Test
  void hooks_and_routes_are_those_of_the_version_that_serves() throws InterruptedException {
    activate(version("1").filter("only_old").filter("moved", 1));
    host.addFilter("java", "moved", 5, (value, args, limit) -> value);
    host.plugins()
        .update(
            GuestBundle.of("app", Guests.wasm("version-2"))
                .version("2.0.0")
                .filter("version")
                .filter("only_new")
                .filter("moved", 9)
                .route("GET", "/new")
                .bytes());
    assertThat(host.applyFilters("only_old", "x").value().stringValue()).isEqualTo("x");
    assertThat(host.applyFilters("only_new", "x").value().isObject()).isTrue();
    assertThat(host.applyFilters("moved", "x").value().isObject()).isTrue();
    assertThat(host.serve("app", get("/"))).isInstanceOf(RouteOutcome.NotFound.class);
    assertThat(host.serve("app", get("/new"))).isInstanceOf(RouteOutcome.Answered.class);
  }

  @Test
  void a_version_that_cannot_start_leaves_the_old_one_untouched() throws InterruptedException {
    activate(version("1"));
    String before = host.plugins().list().toString();
    assertThatThrownBy(() ->
            host.plugins()
                .update(GuestBundle.of("app", Guests.wasm("refuses")).version("2.0.0").bytes()))
        .isInstanceOf(ActivationException.class)
        .hasMessageContaining("app@2.0.0 refused to start");
    assertThatThrownBy(() ->
            host.plugins()
                .update(GuestBundle.of("app", Guests.wasm("noalloc")).version("2.0.0").bytes()))
        .isInstanceOf(BundleRejectedException.class);
    assertThat(served()).isEqualTo("1");
    assertThat(host.plugins().list()).hasToString(before);
  }

  @Test
  void a_version_that_asks_for_more_waits_for_approval() throws InterruptedException {
    activate(version("1"));
    GuestBundle asking = version("2").field("capabilities", "[\"kv.read\"]");
    assertThat(host.plugins().update(asking.bytes()))
        .isInstanceOfSatisfying(
            UpdateResult.AwaitingApproval.class,
            waiting ->
                assertThat(waiting.capabilities().changes())
                    .extracting(CapabilityChanges.Change::toString)
                    .containsExactly("+ kv.read"));
    assertThat(served()).isEqualTo("1");

    host.close();
    open();
    assertThat(served()).isEqualTo("1");
    host.plugins().approve("app");
    assertThat(served()).isEqualTo("2");
    assertThatThrownBy(() -> host.plugins().approve("app"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("no version of app waits");
  }

  @Test
  void a_version_that_reaches_more_waits_for_approval() throws InterruptedException {
    activate(reaching("1", "*.example.com", "\"inject_only\":true"));
    host.plugins().grantRequested("app");
    byte[] wider = reaching("2", "b.example.com\",\"https://evil.example", "").bytes();
    List<String> added =
        List.of(
            "http.fetch.allow https://evil.example",
            "secret token may be read by the plugin",
            "secret token may go to https://evil.example");
    UpdateResult result = host.plugins().update(wider);
    assertThat(result)
        .isInstanceOfSatisfying(
            UpdateResult.AwaitingApproval.class,
            waiting -> {
              assertThat(waiting.capabilities().changes())
                  .extracting(CapabilityChanges.Change::kind)
                  .containsOnly(CapabilityChanges.Kind.KEPT);
              assertThat(waiting.capabilities().wider())
                  .extracting(Reach.Way::toString)
                  .containsExactlyElementsOf(added);
              assertThat(waiting.obstacles()).isEmpty();
            });
    assertThat(
            host.plugins()
                .pendingChanges(host.plugins().find("app").orElseThrow())
                .orElseThrow()
                .wider())
        .extracting(Reach.Way::toString)
        .containsExactlyElementsOf(added);
    assertThat(served()).isEqualTo("1");

    host.plugins().reject("app");
    assertThat(served()).isEqualTo("1");
    host.plugins().update(wider);
    host.plugins().approve("app");
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void a_version_that_reaches_no_more_replaces_the_current_one() throws InterruptedException {
    activate(reaching("1", "*.example.com", ""));
    assertThat(
            host.plugins().update(reaching("2", "b.example.com", "\"inject_only\":true").bytes()))
        .isInstanceOf(UpdateResult.Replaced.class);
    assertThat(served()).isEqualTo("2");
  }

  private static GuestBundle reaching(String number, String origins, String ofSecret) {
    String hosts = "[\"" + origins + "\"]";
    return version(number)
        .field("capabilities", "[\"http.fetch\"]")
        .field(
            "http",
            "{\"serve\":[{\"method\":\"GET\",\"path\":\"/\"}],\"fetch\":{\"allow\":" + hosts + "}}")
        .field(
            "secrets",
            "{\"keys\":[{\"name\":\"token\",\"hosts\":"
                + hosts
                + (ofSecret.isEmpty() ? "" : "," + ofSecret)
                + "}]}");
  }

  @Test
  void an_earlier_version_is_kept_for_as_long_as_was_said() throws InterruptedException {
    host.close();
    host =
        Host.open(
            HostConfig.builder(data)
                .database(database)
                .updates(NO_WARM_UP.withKeepPrevious(Duration.ZERO))
                .build());
    activate(version("1"));
    host.plugins().update(version("2").bytes());
    assertThatThrownBy(() -> host.plugins().rollback("app"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("no earlier version of app is kept");
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void an_earlier_version_is_dropped_after_its_retention_time() throws InterruptedException {
    activate(version("1"));
    host.plugins().update(version("2").bytes());
    assertThat(host.plugins().list().getFirst().previous()).isNotNull();
    host.close();
    host =
        Host.open(
            HostConfig.builder(data)
                .database(database)
                .updates(NO_WARM_UP.withKeepPrevious(Duration.ZERO))
                .build());
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> host.plugins().list().getFirst().previous() == null);
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void a_version_that_others_could_not_use_does_not_take_over() throws InterruptedException {
    activate(version("1"));
    activate(GuestBundle.of("echo").field("depends", "[{\"name\":\"app\",\"version\":\"^1.0\"}]"));
    assertThatThrownBy(() -> host.plugins().update(version("2").bytes()))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("app@2.0.0 cannot take over: echo@1.0.0 needs app ^1.0");
    assertThat(served()).isEqualTo("1");
  }

  @Test
  void dependants_leave_service_with_a_plugin_on_request() throws InterruptedException {
    activate(version("1"));
    activate(GuestBundle.of("echo").field("depends", "[{\"name\":\"app\",\"version\":\"^1.0\"}]"));
    assertThatThrownBy(() -> host.plugins().deactivate("app"))
        .isInstanceOf(ConflictException.class);
    assertThat(host.plugins().deactivateWithDependents("app")).containsExactly("echo", "app");
    assertThat(host.health().pools()).isEmpty();
  }

  @Test
  void a_dependant_of_two_plugins_leaves_service_once() throws InterruptedException {
    activate(version("1"));
    activate(GuestBundle.of("echo").field("depends", needs("app")));
    activate(GuestBundle.of("upper").field("depends", needs("app", "echo")));
    assertThat(host.plugins().deactivateWithDependents("app"))
        .containsExactly("upper", "echo", "app");
    assertThat(host.health().pools()).isEmpty();
    for (String plugin : List.of("upper", "echo", "app")) {
      assertThat(host.audit().newest(plugin, 1))
          .extracting(AuditRow::event)
          .containsExactly("deactivate");
    }
  }

  @Test
  void a_version_that_closes_a_cycle_is_refused_at_rollback_and_approval()
      throws InterruptedException {
    host.plugins().install(version("1").field("depends", needs("echo")).bytes());
    host.plugins().update(version("2").bytes());
    host.plugins()
        .update(
            version("2")
                .version("3.0.0")
                .field("depends", needs("echo"))
                .field("capabilities", "[\"kv.read\"]")
                .bytes());
    host.plugins().install(GuestBundle.of("echo").field("depends", needs("app")).bytes());
    assertThatThrownBy(() -> host.plugins().rollback("app"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("app -> echo -> app");
    assertThatThrownBy(() -> host.plugins().approve("app"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("app -> echo -> app");
    assertThat(host.audit().newest("app", 2))
        .extracting(AuditRow::event)
        .containsExactly("approve_failed", "rollback_failed");
  }

  @Test
  void only_the_version_that_was_looked_at_is_approved_or_rejected() throws InterruptedException {
    activate(version("1"));
    UpdateResult.AwaitingApproval waiting =
        (UpdateResult.AwaitingApproval)
            host.plugins().update(version("2").field("capabilities", "[\"kv.read\"]").bytes());
    for (String other : List.of("1.0.0", "0".repeat(64))) {
      assertThatThrownBy(() -> host.plugins().approve("app", other))
          .isInstanceOf(ConflictException.class)
          .hasMessageContaining("another version of app waits for approval: 2.0.0");
      assertThatThrownBy(() -> host.plugins().reject("app", other))
          .isInstanceOf(ConflictException.class);
    }
    assertThat(
            host.plugins()
                .pendingChanges(host.plugins().find("app").orElseThrow())
                .orElseThrow()
                .changes())
        .extracting(CapabilityChanges.Change::toString)
        .containsExactly("+ kv.read");
    host.plugins().reject("app", "2.0.0");
    assertThat(host.plugins().find("app").orElseThrow().pending()).isNull();
    assertThat(host.plugins().pendingChanges(host.plugins().find("app").orElseThrow())).isEmpty();
    assertThat(served()).isEqualTo("1");

    host.plugins().update(version("2").field("capabilities", "[\"kv.read\"]").bytes());
    host.plugins().approve("app", waiting.sha256());
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void a_grant_to_one_bundle_does_not_hold_for_another_of_the_same_version()
      throws InterruptedException {
    activate(version("1").field("capabilities", "[\"kv.read\"]"));
    host.plugins().grant("app", "kv.read");
    host.plugins().update(version("2").bytes());
    byte[] other = version("1").field("capabilities", "[\"kv.read\"]").action("new").bytes();
    assertThat(host.plugins().update(other)).isInstanceOf(UpdateResult.AwaitingApproval.class);
    assertThat(served()).isEqualTo("2");
    host.plugins().approve("app");
    assertThat(host.plugins().grants("app").granted()).containsExactly("kv.read");
  }

  /** A decision outlives the bundle it was made on while another of that version is current. */
  @Test
  void a_bundle_of_the_current_version_inherits_what_that_asks_for_and_no_more()
      throws InterruptedException {
    activate(version("1").field("capabilities", "[\"kv.read\",\"kv.write\"]"));
    host.plugins().grant("app", "kv.read", "kv.write");
    host.plugins().update(version("1").field("capabilities", "[\"kv.read\"]").bytes());
    assertThat(host.plugins().grants("app").granted()).containsExactly("kv.read");
    byte[] again =
        version("1").field("capabilities", "[\"kv.read\",\"kv.write\"]").action("new").bytes();
    assertThat(host.plugins().update(again)).isInstanceOf(UpdateResult.AwaitingApproval.class);
    host.plugins().approve("app");
    assertThat(host.plugins().grants("app").granted()).containsExactly("kv.read", "kv.write");
  }

  @Test
  void a_version_takes_over_with_as_many_instances_as_the_one_before_had()
      throws InterruptedException {
    activate(version("1").limit("instances_min", 3));
    host.plugins().update(version("2").bytes());
    assertThat(host.health().pool("app").orElseThrow().live()).isEqualTo(3);
  }

  @Test
  void activation_warns_of_capabilities_that_were_not_granted() throws InterruptedException {
    host.plugins().install(version("1").field("capabilities", "[\"kv.read\"]").bytes());
    assertThat(host.plugins().activate("app"))
        .containsExactly(
            "app@1.0.0 was not granted kv.read: what needs it is denied until it is granted");
    host.plugins().grantRequested("app");
    assertThat(host.plugins().activate("app")).isEmpty();
  }

  @Test
  void a_host_that_is_closed_changes_nothing() throws InterruptedException {
    activate(version("1"));
    host.close();
    for (ThrowingCallable change :
        List.<ThrowingCallable>of(
            () -> host.plugins().update(version("2").bytes()),
            () -> host.plugins().activate("app"),
            () -> host.plugins().install(GuestBundle.of("echo").bytes()))) {
      assertThatThrownBy(change)
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("being closed");
    }
    open();
    assertThat(served()).isEqualTo("1");
  }

  private static String needs(String... plugins) {
    return Arrays.stream(plugins)
        .map(name -> "{\"name\":\"" + name + "\",\"version\":\"*\"}")
        .collect(Collectors.joining(",", "[", "]"));
  }

  @Test
  void plugins_that_need_each_other_are_refused() throws InterruptedException {
    host.plugins()
        .install(version("1").field("depends", "[{\"name\":\"echo\",\"version\":\"*\"}]").bytes());
    assertThatThrownBy(() ->
            host.plugins()
                .install(
                    GuestBundle.of("echo")
                        .field("depends", "[{\"name\":\"app\",\"version\":\"*\"}]")
                        .bytes()))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("echo -> app -> echo");
  }

  @Test
  void a_plugin_may_refuse_to_leave_service() throws InterruptedException {
    activate(GuestBundle.of("stays"));
    assertThatThrownBy(() -> host.plugins().deactivate("stays"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("on_deactivate returned 1");
    assertThat(host.health().pools()).containsOnlyKeys("stays");
  }

  @Test
  void a_reset_is_for_plugins_that_are_errored() {
    host.plugins().install(version("1").bytes());
    assertThatThrownBy(() -> host.plugins().reset("app"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("app is INSTALLED");
  }

  @Test
  void a_new_version_is_exercised_with_what_the_old_one_was_called_with()
      throws InterruptedException {
    host.close();
    host =
        Host.open(
            HostConfig.builder(data)
                .database(database)
                .updates(UpdatePolicy.defaults().withWarmUp(Duration.ofSeconds(10)))
                .build());
    activate(version("1"));
    assertThat(warmUpCalls(host.plugins().update(version("2").bytes()))).isZero();
    assertThat(served()).isEqualTo("2");
    assertThat(warmUpCalls(host.plugins().rollback("app"))).isPositive();
    // What was exercised is not what serves: its counts begin with the first request.
    assertThat(host.health().pool("app").orElseThrow().checkouts()).isEqualTo(1);
  }

  @Test
  void a_plugin_that_says_so_is_not_exercised_and_its_inputs_are_not_kept()
      throws InterruptedException {
    host.close();
    host =
        Host.open(
            HostConfig.builder(data).database(database).updates(UpdatePolicy.defaults()).build());
    activate(version("1").field("warm_up", "false"));
    assertThat(served()).isEqualTo("1");
    assertThat(warmUpCalls(host.plugins().update(version("2").bytes()))).isZero();
    assertThat(served()).isEqualTo("2");
    assertThat(warmUpCalls(host.plugins().rollback("app"))).isZero();
    // What the version in between remembered is forgotten with the one that says so.
    assertThat(warmUpCalls(host.plugins().rollback("app"))).isZero();
  }

  @Tag("slow")
  @Test
  void a_call_under_way_ends_on_the_version_it_began_on_and_a_leave_waits_for_it()
      throws Exception {
    GuestBundle busy =
        GuestBundle.of("app", Guests.wasm("loop")).filter("h").limit("call_ms", 2000);
    activate(busy);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<FilterResult> call = underWay(callers);
      host.plugins()
          .update(GuestBundle.of("app", Guests.wasm("upper")).version("2.0.0").filter("h").bytes());
      assertThat(host.applyFilters("h", "a").value().stringValue()).isEqualTo("A");
      assertThat(call).isNotDone();
      assertThat(call.get().degraded()).extracting(Degradation::code).containsExactly("DEADLINE");

      host.plugins().rollback("app");
      call = underWay(callers);
      host.plugins().deactivate("app");
      // The call had been ended by then, though its caller may not know yet.
      assertThat(host.audit().newest("app", 3))
          .extracting(AuditRow::event)
          .containsExactly("deactivate", "trap", "rollback");
      assertThat(call.get().value().stringValue()).isEqualTo("a");
      assertThat(call.get().degraded()).extracting(Degradation::code).containsExactly("DEADLINE");
    }
  }

  private Future<FilterResult> underWay(ExecutorService callers) {
    Future<FilterResult> call = callers.submit(() -> host.applyFilters("h", "a"));
    await().until(() -> host.health().pool("app").orElseThrow().inUse() == 1);
    return call;
  }

  @Tag("slow")
  @Test
  void no_call_is_lost_or_mixed_while_versions_take_turns() throws Exception {
    activate(version("1"));
    // Of another priority each, so that the filter's place in the chain changes with the version.
    byte[][] bundles = {
      GuestBundle.of("app", Guests.wasm("version-2"))
          .version("2.0.0")
          .filter("version", 30)
          .route("GET", "/")
          .bytes(),
      version("1").bytes()
    };
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong calls = new AtomicLong();
    ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
    CountDownLatch running = new CountDownLatch(4);
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        boolean route = i % 2 == 0;
        all.add(
            callers.submit(() -> {
              while (!stop.get()) {
                String answer = route ? served() : filtered();
                if (!answer.equals("1") && !answer.equals("2")) {
                  wrong.add(answer);
                }
                calls.incrementAndGet();
                running.countDown();
              }
              return null;
            }));
      }
      running.await();
      for (int i = 0; i < 30; i++) {
        host.plugins().update(bundles[i % 2]);
      }
      stop.set(true);
      for (Future<?> caller : all) {
        caller.get();
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(calls.get()).isGreaterThan(30);
  }

  private static long warmUpCalls(UpdateResult result) {
    return ((UpdateResult.Replaced) result).warmUpCalls();
  }

  private static GuestBundle version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .filter("version")
        .route("GET", "/");
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }

  private static PluginRequest get(String path) {
    return new PluginRequest("GET", path, "", Map.of(), new byte[0]);
  }

  /** The version that answers a request; both parts of its answer name it. */
  private String served() throws InterruptedException {
    RouteOutcome outcome = host.serve("app", get("/"));
    if (outcome instanceof RouteOutcome.Answered answered) {
      String body = new String(answered.response().body(), StandardCharsets.UTF_8);
      String header = answered.response().headers().get("X-Version");
      return body.equals(header) ? body : body + " and " + header;
    }
    return outcome.toString();
  }

  private String filtered() throws InterruptedException {
    FilterResult result = host.applyFilters("version", "x");
    JsonNode value = result.value();
    return result.degraded().isEmpty() && value.isObject()
        ? value.path("headers").path("X-Version").stringValue()
        : result.toString();
  }
}
