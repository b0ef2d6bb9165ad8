package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookOutcome;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AsyncHostTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path directory;
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private Host host;
  private AsyncHost async;

  @BeforeEach
  void open() throws InterruptedException {
    host =
        Host.open(
            HostConfig.builder(directory)
                .meters(meters)
                .limits(OperatorLimits.defaults().withCall(LONG))
                .build());
    async = new AsyncHost(host);
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void a_call_completes_on_another_thread() throws Exception {
    host.plugins().deploy(GuestBundle.of("upper").filter("shout").bytes(), Set.of());
    CountDownLatch hold = new CountDownLatch(1);
    host.addFilter(
        "app",
        "shout",
        1,
        (value, _, _) -> {
          hold.await();
          return value;
        });
    CompletableFuture<FilterResult> future = async.applyFilters("shout", "hi");
    // The caller goes on while the handler waits.
    assertThat(future).isNotDone();
    hold.countDown();
    assertThat(future.get(10, TimeUnit.SECONDS).value().asString()).isEqualTo("HI");
  }

  @Test
  void values_are_read_before_the_method_returns() throws Exception {
    host.plugins().deploy(GuestBundle.of("upper").filter("shout").bytes(), Set.of());
    List<String> values = new ArrayList<>(List.of("a", "b"));
    CompletableFuture<BatchResult> batch =
        async.applyFiltersBatch(CallOptions.DEFAULT, "shout", values);
    values.clear();
    assertThat(batch.get(10, TimeUnit.SECONDS).values())
        .extracting(result -> result.asString())
        .containsExactly("A", "B");
    Map<String, String> nameless = new HashMap<>();
    nameless.put(null, "x");
    assertThatThrownBy(() -> async.applyFilters("shout", nameless))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void cancellation_ends_a_guest_that_loops() throws Exception {
    host.plugins().deploy(GuestBundle.of("loop").filter("spin").bytes(), Set.of());
    CompletableFuture<FilterResult> future = async.applyFilters("spin", "x");
    await().atMost(LONG).until(() -> leased() == 1);
    assertThat(future.cancel(true)).isTrue();
    assertThat(future).isCancelled();
    // Long before the limit of 30 s.
    await().atMost(Duration.ofSeconds(10)).until(() -> leased() == 0);
    Timer interrupted =
        meters.get("gonext.plugin.hook").tags("plugin", "loop", "outcome", "INTERRUPTED").timer();
    await().atMost(LONG).until(() -> interrupted.count() == 1);
  }

  @Test
  void a_call_that_was_cancelled_before_it_began_or_after_it_ended_changes_nothing()
      throws Exception {
    AtomicReference<Thread> caller = new AtomicReference<>();
    host.addFilter(
        "app",
        "note",
        1,
        (value, _, _) -> {
          caller.set(Thread.currentThread());
          return value;
        });
    CompletableFuture<FilterResult> future = async.applyFilters("note", "x");
    future.get(10, TimeUnit.SECONDS);
    assertThat(future.cancel(true)).isFalse();
    assertThat(caller.get().isInterrupted()).isFalse();
    assertThat(future.get().value().asString()).isEqualTo("x");
  }

  @Test
  void the_deadline_of_a_call_holds() throws Exception {
    host.plugins().deploy(GuestBundle.of("loop").filter("spin").bytes(), Set.of());
    CallOptions options = CallOptions.DEFAULT.withLimit(Duration.ofMillis(50));
    FilterResult result = async.applyFilters(options, "spin", "x").get(10, TimeUnit.SECONDS);
    assertThat(result.value().asString()).isEqualTo("x");
    assertThat(result.degraded())
        .extracting(Degradation::outcome)
        .containsExactly(HookOutcome.CUT_SHORT);
  }

  @Test
  void a_future_fails_with_what_the_call_throws() throws Exception {
    host.plugins().deploy(GuestBundle.of("trap").filter("boom").action("boom").bytes(), Set.of());
    CallOptions options = CallOptions.DEFAULT.withFailClosed();
    assertThatThrownBy(() -> async.applyFilters(options, "boom", 1).get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ChainFailedException.class);
    assertThat(async.doAction("boom").get(10, TimeUnit.SECONDS).degraded()).hasSize(1);
  }

  @Test
  void a_route_is_served() throws Exception {
    host.plugins().deploy(GuestBundle.of("route-echo").route("POST", "/echo").bytes(), Set.of());
    PluginRequest request = new PluginRequest("POST", "/echo", "", Map.of(), new byte[] {1, 2, 3});
    RouteOutcome outcome = async.serve("route-echo", request, "").get(10, TimeUnit.SECONDS);
    assertThat(outcome)
        .isInstanceOfSatisfying(
            RouteOutcome.Answered.class,
            answered -> assertThat(answered.response().body()).containsExactly(1, 2, 3));
  }

  /** Instances in use. */
  private int leased() {
    return host.health().pools().values().stream().mapToInt(pool -> pool.inUse()).sum();
  }
}
