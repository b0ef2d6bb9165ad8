package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.BreakerPolicy;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.lifecycle.HookBreaker.Opening;
import io.gonext.host.internal.lifecycle.HookBreaker.Pass;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HookBreakerTest {
  /** Where System.nanoTime may well be: near its own overflow. */
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(90));

  private final List<Opening> openings = new ArrayList<>();
  private HookBreaker breaker = breaker(BreakerPolicy.DEFAULT);

  @Test
  void thirteen_failures_among_half_a_million_calls_lose_thirteen_calls() {
    int calls = 548_809 + 13;
    int lost = 0;
    for (int i = 0; i < calls; i++) {
      pass(Duration.ofNanos(TimeUnit.SECONDS.toNanos(210) / calls));
      Pass pass = breaker.tryEnter();
      if (pass == null) {
        lost++;
      } else if (i % (calls / 13) == 1) {
        breaker.failed(pass, failure());
        lost++;
      } else {
        breaker.succeeded(pass, nanos.get());
      }
    }
    assertThat(lost).isEqualTo(13);
    assertThat(openings).isEmpty();
  }

  @Test
  void nineteen_calls_that_all_fail_leave_it_closed_and_the_twentieth_opens_it() {
    fail(19);
    assertThat(breaker.tryEnter()).isNotNull();
    assertThat(breaker.trouble()).isEmpty();
    fail(1);
    assertThat(breaker.tryEnter()).isNull();
    assertThat(breaker.trouble()).contains("circuit breaker open, last failure UNREACHABLE");
    assertThat(breaker.retryAfter()).isEqualTo(Duration.ofSeconds(1));
    assertThat(openings)
        .containsExactly(new Opening("h", Duration.ofSeconds(1), HookOutcome.UNREACHABLE, false));
  }

  @Test
  void a_breaker_opens_when_half_of_the_calls_fail_and_not_below() {
    succeed(101);
    fail(100);
    assertThat(breaker.isOpen()).isFalse();
    fail(1);
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void successes_that_left_the_window_hide_no_failures() {
    succeed(1_000_000);
    pass(Duration.ofSeconds(31));
    fail(20);
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void successes_within_the_window_count() {
    succeed(1_000);
    pass(Duration.ofSeconds(26));
    fail(999);
    assertThat(breaker.isOpen()).isFalse();
    fail(1);
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void failures_two_seconds_apart_never_fill_the_window() {
    for (int i = 0; i < 1_000; i++) {
      fail(1);
      pass(Duration.ofSeconds(2));
    }
    assertThat(openings).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = HookOutcome.class,
      names = {
        "STATUS",
        "CUT_SHORT",
        "INTERRUPTED",
        "HOST_FAILURE",
        "PAYLOAD_TOO_LARGE",
        "SATURATED"
      })
  void what_is_not_the_plugins_fault_never_opens_it(HookOutcome outcome) {
    for (int i = 0; i < 100; i++) {
      breaker.failed(enter(), new HookFailedException(outcome, null, null));
    }
    assertThat(breaker.isOpen()).isFalse();
  }

  @Test
  void a_status_counts_as_an_answer() {
    for (int i = 0; i < 20; i++) {
      breaker.failed(enter(), new HookFailedException(HookOutcome.STATUS, null, null));
    }
    fail(19);
    assertThat(breaker.isOpen()).isFalse();
    fail(1);
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void when_its_time_is_over_five_calls_may_try_and_no_more() {
    fail(20);
    pass(Duration.ofSeconds(1).minusNanos(1));
    assertThat(breaker.tryEnter()).isNull();
    assertThat(breaker.stateCode()).isEqualTo(2);
    pass(Duration.ofNanos(1));
    assertThat(breaker.stateCode()).isEqualTo(1);
    for (int i = 0; i < HookBreaker.TRIALS; i++) {
      assertThat(breaker.tryEnter()).isNotNull();
    }
    assertThat(breaker.tryEnter()).isNull();
    assertThat(breaker.retryAfter()).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void three_successful_trials_close_it_with_an_empty_window() {
    fail(20);
    pass(Duration.ofSeconds(1));
    succeed(2);
    assertThat(breaker.stateCode()).isEqualTo(1);
    succeed(1);
    assertThat(breaker.stateCode()).isZero();
    fail(19);
    assertThat(breaker.isOpen()).isFalse();
  }

  @Test
  void three_failed_trials_open_it_for_twice_as_long_and_at_most_a_minute() {
    fail(20);
    for (int i = 0; i < 7; i++) {
      pass(breaker.retryAfter());
      fail(3);
    }
    assertThat(openings)
        .extracting(opening -> opening.length().toSeconds())
        .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L);
  }

  @Test
  void an_opening_within_a_window_after_it_closed_doubles_too() {
    fail(20);
    pass(Duration.ofSeconds(1));
    succeed(3);
    pass(Duration.ofSeconds(29));
    fail(20);
    pass(Duration.ofSeconds(2));
    succeed(3);
    pass(Duration.ofSeconds(30));
    fail(20);
    assertThat(openings)
        .extracting(opening -> opening.length().toSeconds())
        .containsExactly(1L, 2L, 1L);
  }

  @Test
  void a_trial_that_says_nothing_of_the_plugin_lets_another_try() {
    fail(20);
    pass(Duration.ofSeconds(1));
    for (int i = 0; i < 100; i++) {
      breaker.failed(enter(), new HookFailedException(HookOutcome.SATURATED, null, null));
      breaker.abandoned(enter());
    }
    succeed(3);
    assertThat(breaker.stateCode()).isZero();
  }

  @Test
  void a_call_from_before_it_opened_decides_nothing() {
    Pass early = enter();
    fail(20);
    pass(Duration.ofSeconds(1));
    Pass trial = enter();
    for (int i = 0; i < 20; i++) {
      breaker.failed(early, failure());
      breaker.succeeded(early, nanos.get());
    }
    assertThat(breaker.stateCode()).isEqualTo(1);
    fail(3);
    assertThat(openings).hasSize(2);
    pass(Duration.ofSeconds(2));
    breaker.failed(trial, failure());
    fail(2);
    assertThat(openings).as("a trial of the round before").hasSize(2);
    fail(1);
    assertThat(openings).hasSize(3);
  }

  @Test
  void always_failing_it_is_open_most_of_ten_minutes_after_eight() {
    long begin = nanos.get();
    fail(20);
    while (openings.stream().noneMatch(Opening::mostlyOpen)) {
      pass(breaker.retryAfter());
      fail(3);
    }
    assertThat(Duration.ofNanos(nanos.get() - begin))
        .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(10));
    // A plugin that is called seldom is open for a small part of the time.
    breaker = breaker(BreakerPolicy.DEFAULT);
    openings.clear();
    fail(20);
    for (int i = 0; i < 100; i++) {
      pass(Duration.ofMinutes(2));
      fail(3);
    }
    assertThat(openings).hasSize(101).noneMatch(Opening::mostlyOpen);
  }

  @Test
  void the_policy_decides_when_and_for_how_long() {
    breaker =
        breaker(
            BreakerPolicy.DEFAULT
                .withThreshold(10, 5, Duration.ofSeconds(10))
                .withOpen(Duration.ofSeconds(3), Duration.ofSeconds(4)));
    succeed(9);
    fail(1);
    assertThat(breaker.isOpen()).isTrue();
    pass(Duration.ofSeconds(3));
    fail(1);
    assertThat(openings)
        .extracting(opening -> opening.length().toSeconds())
        .containsExactly(3L, 4L);
  }

  @Test
  void without_a_breaker_a_million_failures_change_nothing() {
    breaker = breaker(BreakerPolicy.OFF);
    fail(1_000_000);
    assertThat(breaker.tryEnter()).isNotNull();
    assertThat(breaker.trouble()).isEmpty();
    assertThat(breaker.stateCode()).isZero();
  }

  @Test
  void calls_of_many_threads_are_all_counted() throws Exception {
    int threads = 4;
    int each = 50_000;
    try (ExecutorService callers = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        done.add(callers.submit(() -> succeed(each)));
      }
      for (Future<?> one : done) {
        one.get();
      }
    }
    fail(threads * each - 1);
    assertThat(breaker.isOpen()).isFalse();
    fail(1);
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void a_minute_after_its_last_success_it_has_still_served_lately() {
    assertThat(breaker.hasServedLately()).isFalse();
    succeed(1);
    pass(Duration.ofMinutes(1));
    fail(1);
    assertThat(breaker.hasServedLately()).isTrue();
    pass(Duration.ofMinutes(10));
    fail(1);
    assertThat(breaker.hasServedLately()).isFalse();
  }

  private HookBreaker breaker(BreakerPolicy policy) {
    return new HookBreaker("h", policy, nanos::get, openings::add);
  }

  private Pass enter() {
    return Objects.requireNonNull(breaker.tryEnter(), "refused");
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.failed(enter(), failure());
    }
  }

  private void succeed(int times) {
    for (int i = 0; i < times; i++) {
      breaker.succeeded(enter(), nanos.get());
    }
  }

  private static HookFailedException failure() {
    return new HookFailedException(HookOutcome.UNREACHABLE, "trapped", null);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
