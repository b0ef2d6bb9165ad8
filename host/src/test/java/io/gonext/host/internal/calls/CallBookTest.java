package io.gonext.host.internal.calls;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.ActivityPoint;
import io.gonext.host.NotedCall;
import io.gonext.host.NotedCall.Handler;
import io.gonext.host.NotedCall.Kind;
import io.gonext.host.NotedCall.Why;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class CallBookTest {
  private static final Handler HOOK = new Handler(Kind.HOOK, "the_content");
  private static final Instant START = Instant.parse("2026-01-31T12:00:00Z");

  private final AtomicLong nanos = new AtomicLong();
  private final CallBook book = new CallBook(nanos::get, () -> START.plusNanos(nanos.get()));

  private void advance(Duration by) {
    nanos.addAndGet(by.toNanos());
  }

  private void tick(String... plugins) {
    advance(CallBook.TICK);
    List<CallBook.Serving> serving = new ArrayList<>();
    for (String plugin : plugins) {
      serving.add(new CallBook.Serving(plugin, pool(3), Set.of(HOOK)));
    }
    book.endTick(serving);
  }

  private static PoolStats pool(int inUse) {
    return new PoolStats(
        "p", 1, 8, inUse, 0, inUse, 0, 0, 2, Duration.ZERO, 1, 0, Map.of(), 0, 0, 0, 0, 0, 4096);
  }

  private static EndedCall ended(Why why, String reason, TurnFailure.Frame... frames) {
    return new EndedCall(
        "1.0.0",
        why,
        why == Why.FAILED ? HookOutcome.GUEST_PANIC : HookOutcome.OK,
        reason,
        new EndedCall.Times(
            TimeUnit.MILLISECONDS.toNanos(250), 10_000_000, 200_000_000, 30_000_000, 0, 7),
        null,
        9,
        List.of(frames));
  }

  private void record(String plugin, Why why, String reason) {
    PluginCalls calls = book.of(plugin);
    if (calls.takes(why)) {
      calls.record(HOOK, ended(why, reason));
    }
  }

  @Test
  void a_recorded_call_says_when_it_began_and_where_its_time_went() {
    advance(Duration.ofSeconds(1));
    book.of("seo").record(HOOK, ended(Why.FAILED, "panicked at <b>"));

    NotedCall call = book.recent("seo").getFirst();
    assertThat(call.began()).isEqualTo(START.plusMillis(750));
    assertThat(call.took()).isEqualTo(Duration.ofMillis(250));
    assertThat(call.queued()).isEqualTo(Duration.ofMillis(10));
    assertThat(call.guest()).isEqualTo(Duration.ofMillis(200));
    assertThat(call.host()).isEqualTo(Duration.ofMillis(30));
    assertThat(call.fuel()).isEqualTo(7);
    assertThat(call.reason()).isEqualTo("panicked at <b>");
    assertThat(call.traceId()).isNull();
  }

  @Test
  void the_last_fifty_calls_for_each_reason_are_kept() {
    for (int i = 0; i < 60; i++) {
      record("seo", Why.FAILED, "f" + i);
      record("seo", Why.SLOW, "");
      advance(Duration.ofSeconds(1));
    }

    List<NotedCall> calls = book.recent("seo");
    assertThat(calls).filteredOn(c -> c.why() == Why.SLOW).hasSize(PluginCalls.KEPT);
    assertThat(calls)
        .filteredOn(c -> c.why() == Why.FAILED)
        .hasSize(PluginCalls.KEPT)
        .extracting(NotedCall::reason)
        .startsWith("f10")
        .endsWith("f59");
    assertThat(calls).extracting(NotedCall::id).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void a_plugin_that_fails_all_the_time_is_sampled_and_pushes_out_no_other() {
    record("shop", Why.FAILED, "once");
    record("seo", Why.SLOW, "");
    for (int i = 0; i < 100_000; i++) {
      record("seo", Why.FAILED, "again");
    }

    assertThat(book.recent("seo"))
        .hasSize(21)
        .first()
        .extracting(NotedCall::why)
        .isEqualTo(Why.SLOW);
    assertThat(book.of("seo").leftOut()).isEqualTo(100_000 - 20);
    assertThat(book.recent("shop")).hasSize(1);
    advance(Duration.ofSeconds(1));
    record("seo", Why.FAILED, "a second later");
    assertThat(book.recent("seo")).last().extracting(NotedCall::reason).isEqualTo("a second later");
  }

  @Test
  void hostile_text_is_one_bounded_line_and_large_calls_leave_fewer() {
    String text = "x".repeat(5_000) + "\n\u202e";
    TurnFailure.Frame frame = new TurnFailure.Frame(text, 1, text);
    TurnFailure.Frame[] frames = Collections.nCopies(200, frame).toArray(TurnFailure.Frame[]::new);
    for (int i = 0; i < 10; i++) {
      book.of("seo").record(HOOK, ended(Why.FAILED, text, frames));
    }

    List<NotedCall> calls = book.recent("seo");
    assertThat(calls).hasSizeBetween(1, 3);
    NotedCall call = calls.getFirst();
    assertThat(call.reason()).hasSizeLessThan(1_010).doesNotContain("\n");
    assertThat(call.backtrace()).hasSize(64);
    assertThat(call.backtrace().getFirst().function()).hasSizeLessThan(270);
    assertThat(call.backtrace().getFirst().source()).hasSizeLessThan(270);
  }

  @Test
  void a_follower_gets_the_kept_calls_and_then_each_new_one_once() {
    record("seo", Why.SLOW, "");
    List<NotedCall> followed = new ArrayList<>();
    Runnable stop = book.follow(followed::add);
    record("shop", Why.FAILED, "later");
    assertThat(followed).extracting(NotedCall::plugin).containsExactly("seo", "shop");

    stop.run();
    record("shop", Why.FAILED, "unheard");
    assertThat(followed).hasSize(2);
  }

  @Test
  void a_history_has_a_point_a_tick_and_ends_after_fifteen_minutes() {
    HandlerCalls handler = book.of("seo").of(HOOK);
    for (int i = 0; i < 10; i++) {
      handler.succeeded(1_000_000);
    }
    handler.failed(HookOutcome.DEADLINE, 100_000_000);
    tick("seo");

    ActivityPoint point = book.of("seo").history().getFirst();
    assertThat(point.at()).isEqualTo(START.plus(CallBook.TICK));
    assertThat(point.callsPerSecond()).isEqualTo(11 / 5.0);
    assertThat(point.failuresPerSecond()).isEqualTo(1 / 5.0);
    assertThat(point.p50Nanos()).isBetween(1_000_000L, 1_063_000L);
    assertThat(point.p99Nanos()).isBetween(100_000_000L, 106_300_000L);
    assertThat(point.inUse()).isEqualTo(3);
    assertThat(point.waiting()).isEqualTo(2);
    assertThat(point.bytes()).isEqualTo(4096);
    tick("seo");
    assertThat(book.of("seo").history().getLast().callsPerSecond()).isZero();
    assertThat(book.of("seo").history().getLast().p99Nanos()).isZero();

    for (int i = 0; i < 200; i++) {
      tick("seo");
    }
    assertThat(book.of("seo").history()).hasSize(180);
    for (int i = 0; i < 100; i++) {
      tick("shop");
    }
    assertThat(book.of("seo").history()).as("it left service a while ago").hasSize(80);
  }

  @Test
  void times_are_those_of_the_last_one_to_two_minutes() {
    HandlerCalls handler = book.of("seo").of(HOOK);
    handler.succeeded(2_000_000);
    assertThat(times(handler).getTotalCount()).as("at once").isEqualTo(1);
    for (int i = 0; i < 12; i++) {
      tick("seo");
    }
    assertThat(times(handler).getTotalCount()).as("a minute later").isEqualTo(1);
    for (int i = 0; i < 12; i++) {
      tick("seo");
    }
    assertThat(times(handler).getTotalCount()).as("two minutes later").isZero();
    assertThat(handler.calls()).isEqualTo(1);
  }

  private static Histogram times(HandlerCalls handler) {
    Histogram times = CallBook.times();
    handler.addTo(times);
    return times;
  }

  @Test
  void a_refused_call_fails_and_says_nothing_of_the_time() {
    HandlerCalls handler = book.of("seo").of(HOOK);
    handler.failed(HookOutcome.BREAKER_OPEN, 1_000);

    assertThat(handler.failures()).isEqualTo(1);
    assertThat(times(handler).getTotalCount()).isZero();
  }

  @Test
  void a_time_beyond_the_histogram_is_counted_at_its_end() {
    HandlerCalls handler = book.of("seo").of(HOOK);
    handler.succeeded(Long.MAX_VALUE);
    handler.succeeded(-5);

    assertThat(times(handler).getTotalCount()).isEqualTo(2);
    assertThat(times(handler).getMaxValue()).isGreaterThan(Duration.ofMinutes(15).toNanos() - 1);
  }

  @Test
  void an_uninstalled_plugin_leaves_nothing_behind() {
    book.of("seo").of(HOOK).succeeded(1);
    record("seo", Why.SLOW, "");
    tick("seo");
    book.forget("seo");

    assertThat(book.recent()).isEmpty();
    assertThat(book.of("seo").history()).isEmpty();
    assertThat(book.of("seo").known(HOOK)).isNull();
  }

  @Test
  void many_threads_lose_no_call() throws InterruptedException {
    HandlerCalls handler = book.of("seo").of(HOOK);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 10_000; n++) {
                  handler.succeeded(n);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(handler.calls()).isEqualTo(80_000);
    assertThat(times(handler).getTotalCount()).isEqualTo(80_000);
  }
}
