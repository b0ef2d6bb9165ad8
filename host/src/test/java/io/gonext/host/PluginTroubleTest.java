package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one plugin's trouble costs its callers and its neighbours: real guests in a real host. */
class PluginTroubleTest {
  private static final OperatorLimits LIMITS =
      new OperatorLimits(
          16, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofSeconds(5), 2);

  @TempDir private Path data;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(HostConfig.builder(data).limits(LIMITS).meters(meters).build());
    activate(GuestBundle.of("upper").filter("shout").filter("h", 20));
  }

  @AfterEach
  void every_lease_came_back() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void a_hook_nobody_handles_touches_no_plugin() throws InterruptedException {
    long checkouts = checkouts("upper");
    assertThat(host.applyFilters("nobody", "a").value()).isEqualTo(StrictJson.valueOf("a"));
    assertThat(host.doAction("nobody").handlers()).isZero();
    assertThat(host.applyFiltersBatch("nobody", List.of("a", 1)).values())
        .containsExactly(StrictJson.valueOf("a"), StrictJson.valueOf(1));
    assertThat(checkouts("upper")).isEqualTo(checkouts);
  }

  /** A soft limit of one nanosecond, which nothing can keep, and one that is the hard limit. */
  @Test
  void a_call_past_its_soft_limit_answers_as_ever_and_is_counted() throws InterruptedException {
    assertThat(host.applyFilters("shout", "a").value()).isEqualTo(StrictJson.valueOf("A"));
    assertThat(late("upper")).as("of half a second").isZero();
    reopen(LIMITS.withSoftShare(1e-9));
    FilterResult result = host.applyFilters("shout", "a");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("A"));
    assertThat(degradations(result)).isEmpty();
    assertThat(host.health().troubles()).isEmpty();
    assertThat(late("upper")).isEqualTo(1);
    activate(GuestBundle.of("trap").filter("h", 10));
    host.applyFilters("h", "a");
    assertThat(late("trap")).as("what fails is counted elsewhere").isZero();
    double before = late("upper");
    reopen(LIMITS.withSoftShare(1));
    host.applyFilters("shout", "a");
    assertThat(late("upper")).isEqualTo(before);
  }

  private void reopen(OperatorLimits limits) throws InterruptedException {
    reopen(limits, BreakerPolicy.DEFAULT);
  }

  private void reopen(OperatorLimits limits, BreakerPolicy breaker) throws InterruptedException {
    host.close();
    host =
        Host.open(HostConfig.builder(data).limits(limits).breaker(breaker).meters(meters).build());
  }

  private double late(String plugin) {
    return meters.get("gonext.plugin.late").tag("plugin", plugin).counter().count();
  }

  @Test
  void after_twenty_traps_a_hook_is_not_called_and_the_chain_goes_on() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h", 10).route("GET", "/x"));
    for (int i = 0; i < 20; i++) {
      assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("UNREACHABLE");
    }
    long checkouts = checkouts("trap");
    FilterResult result = host.applyFilters("h", "a");
    assertThat(result.value()).isEqualTo(StrictJson.valueOf("A"));
    assertThat(degradations(result)).containsExactly("BREAKER_OPEN");
    assertThat(checkouts("trap")).isEqualTo(checkouts);
    assertThat(host.health().troubles())
        .containsExactlyEntriesOf(
            Map.of("trap", "h: circuit breaker open, last failure UNREACHABLE"));
    assertThat(breaker("h", "opened")).isEqualTo(1);
    assertThat(breaker("h", "refused")).isEqualTo(1);
    assertThat(breaker("GET /x", "opened")).isZero();
    assertThat(get("/x"))
        .as("its route has a breaker of its own")
        .isEqualTo(HookOutcome.UNREACHABLE);
  }

  @Test
  void a_route_that_fails_says_when_to_try_again() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h", 10).route("GET", "/x").route("GET", "/y"));
    for (int i = 0; i < 20; i++) {
      assertThat(get("/x")).isEqualTo(HookOutcome.UNREACHABLE);
    }
    assertThat(host.serve("trap", new PluginRequest("GET", "/x", "", Map.of(), new byte[0])))
        .isInstanceOfSatisfying(
            RouteOutcome.Failed.class,
            failed -> {
              assertThat(failed.outcome()).isEqualTo(HookOutcome.BREAKER_OPEN);
              assertThat(failed.retryAfter())
                  .isPositive()
                  .isLessThanOrEqualTo(Duration.ofSeconds(1));
            });
    assertThat(get("/y")).isEqualTo(HookOutcome.UNREACHABLE);
    assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("UNREACHABLE");
  }

  @Test
  void a_manifest_may_have_its_breaker_open_sooner_but_not_later() throws InterruptedException {
    reopen(LIMITS, BreakerPolicy.DEFAULT.withThreshold(50, 10, Duration.ofSeconds(30)));
    activate(
        GuestBundle.of("trap")
            .filter("h", 10)
            .field("limits", "{\"breaker\":{\"failure_percent\":1,\"min_calls\":3}}"));
    activate(
        GuestBundle.of("panic")
            .filter("p", 10)
            .field("limits", "{\"breaker\":{\"failure_percent\":100,\"min_calls\":1000000}}"));
    for (int i = 0; i < 3; i++) {
      assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("UNREACHABLE");
    }
    assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("BREAKER_OPEN");
    for (int i = 0; i < 10; i++) {
      assertThat(degradations(host.applyFilters("p", "a"))).doesNotContain("BREAKER_OPEN");
    }
    assertThat(degradations(host.applyFilters("p", "a"))).containsExactly("BREAKER_OPEN");
  }

  @Test
  void without_a_breaker_every_call_reaches_the_plugin() throws InterruptedException {
    reopen(LIMITS, BreakerPolicy.OFF);
    activate(GuestBundle.of("trap").filter("h", 10));
    for (int i = 0; i < 60; i++) {
      assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("UNREACHABLE");
    }
    assertThat(host.health().troubles()).isEmpty();
  }

  private HookOutcome get(String path) throws InterruptedException {
    RouteOutcome outcome =
        host.serve("trap", new PluginRequest("GET", path, "", Map.of(), new byte[0]));
    return ((RouteOutcome.Failed) outcome).outcome();
  }

  private double breaker(String hook, String what) {
    return meters
        .get("gonext.plugin.breaker." + what)
        .tags("plugin", "trap", "hook", hook)
        .counter()
        .count();
  }

  @Test
  void a_status_of_the_guests_own_never_opens_the_breaker() throws InterruptedException {
    activate(GuestBundle.of("badresult-status-1").filter("h", 10));
    for (int i = 0; i < 40; i++) {
      assertThat(degradations(host.applyFilters("h", "a"))).containsExactly("STATUS");
    }
    assertThat(host.health().troubles()).isEmpty();
  }

  @Test
  void a_caller_in_a_hurry_does_not_break_a_plugin() throws InterruptedException {
    activate(GuestBundle.of("loop").filter("h", 10));
    CallOptions hurried = CallOptions.DEFAULT.withLimit(Duration.ofMillis(100));
    List<String> codes = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      codes.addAll(degradations(host.applyFilters(hurried, "h", "a")));
    }
    // A machine that is busy may not have replaced the instance in time for the next call.
    assertThat(codes).contains("CUT_SHORT").doesNotContain("DEADLINE");
    assertThat(host.health().troubles()).isEmpty();
  }

  @Test
  void a_plugin_that_hangs_takes_at_most_half_of_the_time_of_those_who_wait_for_it()
      throws Exception {
    activate(GuestBundle.of("loop").filter("h", 10).limit("instances_max", 1));
    try (ExecutorService callers = Executors.newFixedThreadPool(8)) {
      Future<FilterResult> holder = callers.submit(() -> host.applyFilters("h", "a"));
      await().until(() -> host.health().pool("loop").orElseThrow().inUse() == 1);
      List<Future<FilterResult>> waiters = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        waiters.add(callers.submit(() -> host.applyFilters("h", "a")));
      }
      await().until(() -> host.health().pool("loop").orElseThrow().waiting() == 7);
      // Meanwhile a hook of another plugin answers as ever.
      for (int i = 0; i < 20; i++) {
        assertThat(host.applyFilters("shout", "a").value()).isEqualTo(StrictJson.valueOf("A"));
      }
      assertThat(holder).isNotDone();
      for (Future<FilterResult> waiter : waiters) {
        FilterResult result = waiter.get();
        assertThat(degradations(result)).containsExactly("SATURATED");
        assertThat(result.value()).isEqualTo(StrictJson.valueOf("A"));
      }
      assertThat(holder).as("those who waited were told before").isNotDone();
      assertThat(degradations(holder.get())).containsExactly("DEADLINE");
    }
  }

  @Test
  void stop_in_a_guests_answer_ends_the_chain() throws InterruptedException {
    activate(GuestBundle.of("stop").filter("h", 10));
    assertThat(host.applyFilters("h", "a"))
        .isEqualTo(new FilterResult(StrictJson.valueOf("last"), List.of()));
    FilterResult nonsense = host.applyFilters("h", "flag");
    assertThat(degradations(nonsense)).containsExactly("BAD_ANSWER");
    assertThat(nonsense.value()).isEqualTo(StrictJson.valueOf("FLAG"));
  }

  @Test
  void a_call_that_fails_closed_names_the_plugin() throws InterruptedException {
    activate(GuestBundle.of("trap").filter("h", 10));
    assertThatThrownBy(() -> host.applyFilters(CallOptions.DEFAULT.withFailClosed(), "h", "a"))
        .isInstanceOfSatisfying(
            ChainFailedException.class,
            e -> {
              assertThat(e.plugin()).isEqualTo("trap");
              assertThat(e.outcome()).isEqualTo(HookOutcome.UNREACHABLE);
            });
  }

  @Test
  void an_interrupt_during_a_guests_call_is_an_interrupt_of_the_chain() throws Exception {
    activate(GuestBundle.of("loop").filter("h", 10));
    try (ExecutorService callers = Executors.newSingleThreadExecutor()) {
      Future<?> call =
          callers.submit(() -> {
            assertThatThrownBy(() -> host.applyFilters("h", "a"))
                .isInstanceOf(InterruptedException.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
          });
      await().until(() -> host.health().pool("loop").orElseThrow().inUse() == 1);
      callers.shutdownNow();
      call.get();
    }
    Timer interrupted =
        meters.get("gonext.plugin.hook").tags("plugin", "loop", "outcome", "INTERRUPTED").timer();
    assertThat(interrupted.count()).isEqualTo(1);
  }

  private long checkouts(String plugin) {
    return host.health().pool(plugin).orElseThrow().checkouts();
  }

  private static List<String> degradations(FilterResult result) {
    return result.degraded().stream().map(Degradation::code).toList();
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
  }
}
