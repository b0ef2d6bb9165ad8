package io.gonext.host.internal.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MinuteBudgetTest {
  private final AtomicLong nanos = new AtomicLong();
  private final MinuteBudget budget = new MinuteBudget(60, nanos::get);

  @Test
  void a_budget_is_kept_until_another_number_is_allowed() {
    ConcurrentMap<String, MinuteBudget> budgets = new ConcurrentHashMap<>();
    MinuteBudget one = MinuteBudget.of(budgets, "p", 1, nanos::get);
    assertThat(one.tryTake()).isTrue();
    assertThat(MinuteBudget.of(budgets, "p", 1, nanos::get)).isSameAs(one);
    MinuteBudget two = MinuteBudget.of(budgets, "p", 2, nanos::get);
    assertThat(two.tryTake()).isTrue();
    assertThat(two.tryTake()).isTrue();
    assertThat(two.tryTake()).isFalse();
  }

  @Test
  void what_is_used_comes_back_evenly() {
    for (int i = 0; i < 60; i++) {
      assertThat(budget.tryTake()).isTrue();
    }
    assertThat(budget.tryTake()).isFalse();
    nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(budget.tryTake()).isTrue();
    assertThat(budget.tryTake()).isFalse();
  }
}
