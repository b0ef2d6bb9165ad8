package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class InternalErrorsTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final InternalErrors errors = new InternalErrors(meters, nanos::get);

  @Test
  void internal_errors_are_most_from_20_on_if_other_answers_are_fewer() {
    answer(19);
    fail(19);
    assertThat(errors.areMost()).isFalse();
    fail(1);
    assertThat(errors.areMost()).isTrue();
    answer(1);
    assertThat(errors.areMost()).isFalse();
    assertThat(meters.get("gonext.server.internal.errors").counter().count()).isEqualTo(20);
  }

  @Test
  void internal_errors_are_forgotten_after_two_minutes() {
    assertThat(errors.recent()).isEmpty();
    fail(20);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(119));
    assertThat(errors.areMost()).isTrue();
    assertThat(errors.recent())
        .contains("20 internal errors in the last minutes, the last one java.lang.LinkageError");
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    assertThat(errors.areMost()).isFalse();
    assertThat(errors.recent()).isEmpty();
  }

  private void fail(int times) {
    for (int i = 0; i < times; i++) {
      errors.happened(new LinkageError());
    }
  }

  private void answer(int times) {
    for (int i = 0; i < times; i++) {
      errors.answered();
    }
  }
}
