package io.gonext.host.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.lifecycle.PluginBreaker.Entry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PluginBreakerTest {
  /** Where System.nanoTime may well be: near its own overflow. */
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - TimeUnit.SECONDS.toNanos(90));

  private final List<String> openings = new ArrayList<>();
  private final List<String> tooMany = new ArrayList<>();
  private final PluginBreaker breaker =
      new PluginBreaker("p", nanos::get, openings::add, tooMany::add);

  @Test
  void the_fifth_failure_within_a_minute_opens_it() {
    fail(4);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.FREE);
    assertThat(breaker.trouble()).isEmpty();
    fail(1);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.REFUSED);
    assertThat(breaker.trouble())
        .hasValueSatisfying(why -> assertThat(why).contains("UNREACHABLE"));
    assertThat(breaker.retryAfter()).isEqualTo(Duration.ofMinutes(1));
    assertThat(openings).hasSize(1);
  }

  @Test
  void a_million_successes_between_failures_do_not_hide_them() {
    for (int i = 0; i < 5; i++) {
      for (int call = 0; call < 200_000; call++) {
        breaker.succeeded(breaker.tryEnter());
      }
      fail(1);
    }
    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void failures_that_are_a_minute_apart_do_not_add_up() {
    for (int i = 0; i < 20; i++) {
      fail(1);
      pass(Duration.ofSeconds(16));
    }
    assertThat(breaker.isOpen()).isFalse();
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
  void what_is_no_fault_of_the_plugin_never_opens_it(HookOutcome outcome) {
    for (int i = 0; i < 100; i++) {
      breaker.failed(breaker.tryEnter(), new HookFailedException(outcome, null, null));
    }
    assertThat(breaker.isOpen()).isFalse();
  }

  @Test
  void after_a_minute_one_call_may_try_and_closes_it() {
    fail(5);
    pass(Duration.ofSeconds(60));
    assertThat(breaker.tryEnter()).isEqualTo(Entry.REFUSED);
    pass(Duration.ofMillis(1));
    assertThat(breaker.tryEnter()).isEqualTo(Entry.PROBE);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.REFUSED);
    breaker.succeeded(Entry.PROBE);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.FREE);
    fail(4);
    assertThat(breaker.isOpen()).isFalse();
  }

  @Test
  void a_probe_that_says_nothing_of_the_plugin_lets_another_try() {
    fail(5);
    pass(Duration.ofSeconds(61));
    Entry probe = breaker.tryEnter();
    breaker.failed(probe, new HookFailedException(HookOutcome.SATURATED, null, null));
    assertThat(breaker.tryEnter()).isEqualTo(Entry.PROBE);
    breaker.abandoned(Entry.PROBE);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.PROBE);
    breaker.failed(Entry.PROBE, new HookFailedException(HookOutcome.STATUS, null, null));
    assertThat(breaker.tryEnter()).as("a status is an answer").isEqualTo(Entry.FREE);
  }

  @Test
  void a_call_from_before_it_opened_decides_nothing() {
    Entry early = breaker.tryEnter();
    fail(5);
    pass(Duration.ofSeconds(61));
    assertThat(breaker.tryEnter()).isEqualTo(Entry.PROBE);
    breaker.failed(early, failure());
    assertThat(breaker.isOpen()).isFalse();
    breaker.succeeded(early);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.REFUSED);
    breaker.succeeded(Entry.PROBE);
    assertThat(breaker.tryEnter()).isEqualTo(Entry.FREE);
  }

  @Test
  void the_third_opening_within_an_hour_is_reported() {
    fail(5);
    for (int i = 0; i < 2; i++) {
      assertThat(tooMany).isEmpty();
      pass(Duration.ofSeconds(61));
      breaker.failed(breaker.tryEnter(), failure());
    }
    assertThat(openings).hasSize(3);
    assertThat(tooMany)
        .containsExactly(
            "its circuit breaker opened 3 times within an hour, last failure UNREACHABLE");
  }

  @Test
  void openings_more_than_an_hour_apart_are_not_added_up() {
    for (int i = 0; i < 6; i++) {
      fail(5);
      pass(Duration.ofMinutes(31));
      breaker.succeeded(breaker.tryEnter());
    }
    assertThat(openings).hasSize(6);
    assertThat(tooMany).isEmpty();
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      breaker.failed(breaker.tryEnter(), failure());
    }
  }

  private static HookFailedException failure() {
    return new HookFailedException(HookOutcome.UNREACHABLE, "trapped", null);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
