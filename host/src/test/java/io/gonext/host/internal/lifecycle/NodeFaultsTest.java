package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.NodeFault;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class NodeFaultsTest {
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // the clock may wrap
  private final NodeFaults faults = new NodeFaults(InstantSource.fixed(NOON), nanos::get);

  @Test
  void each_pause_is_twice_as_long_and_none_longer_than_a_minute() {
    for (int seconds : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
      faults.add("app", "why");
      pass(Duration.ofSeconds(seconds).minusNanos(1));
      assertThat(faults.due()).isEmpty();
      pass(Duration.ofNanos(1));
      assertThat(faults.due()).containsExactly("app");
    }
    assertThat(faults.list()).containsExactly(new NodeFault("app", "why", NOON, 8));
  }

  @Test
  void a_successful_change_makes_all_faults_due_and_forgets_none() {
    faults.add("app", "why");
    faults.add("other", "why");
    faults.retryAll();
    assertThat(faults.due()).containsExactlyInAnyOrder("app", "other");
    faults.clear("app");
    assertThat(faults.list()).extracting(NodeFault::plugin).containsExactly("other");
    assertThat(faults.add("app", "again").attempts()).isEqualTo(1);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }
}
