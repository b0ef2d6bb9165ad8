package io.gonext.host.internal.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MinuteBudgetTest {
  private final AtomicLong nanos = new AtomicLong();
  private final MinuteBudget budget = new MinuteBudget(60, nanos::get);

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
