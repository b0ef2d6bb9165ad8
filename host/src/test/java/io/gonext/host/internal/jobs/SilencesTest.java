package io.gonext.host.internal.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SilencesTest {
  private long nanos;
  private final Silences silences = new Silences(Duration.ofSeconds(4), () -> nanos);

  private static Execution claim(long version, long sign) {
    return new Execution(
        Instant.EPOCH,
        new TaskInstance<>("job", "id"),
        true,
        "node",
        null,
        null,
        0,
        Instant.EPOCH.plusSeconds(sign),
        version);
  }

  private void pass(Duration time) {
    nanos += time.toNanos();
  }

  @Test
  void a_node_is_lost_once_its_sign_of_life_stays_the_same_for_the_time() {
    assertThat(silences.isLost(claim(1, 0))).isFalse();
    pass(Duration.ofSeconds(3));
    assertThat(silences.isLost(claim(1, 0))).isFalse();
    pass(Duration.ofSeconds(1));
    assertThat(silences.isLost(claim(1, 0))).isTrue();
  }

  @Test
  void a_new_sign_of_life_begins_the_time_again() {
    assertThat(silences.isLost(claim(1, 0))).isFalse();
    pass(Duration.ofSeconds(4));
    assertThat(silences.isLost(claim(1, 1))).isFalse();
    pass(Duration.ofSeconds(4));
    assertThat(silences.isLost(claim(1, 1))).isTrue();
  }

  @Test
  void another_claim_of_the_job_begins_the_time_again() {
    assertThat(silences.isLost(claim(1, 0))).isFalse();
    pass(Duration.ofSeconds(4));
    assertThat(silences.isLost(claim(2, 0))).isFalse();
  }
}
