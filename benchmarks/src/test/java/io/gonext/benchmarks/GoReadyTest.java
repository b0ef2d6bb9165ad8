package io.gonext.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class GoReadyTest {
  private static final Duration WINDOW = Duration.ofMillis(100);

  @Test
  void it_is_ready_when_half_a_second_has_80_percent_of_the_steady_rate() {
    List<Long> counts = steadyAfterTwoSeconds();
    assertThat(GoReady.readySeconds(counts, WINDOW)).isEqualTo(2.4);
  }

  @Test
  void one_fast_window_does_not_make_it_ready() {
    List<Long> counts = steadyAfterTwoSeconds();
    counts.set(5, 300L);
    assertThat(GoReady.readySeconds(counts, WINDOW)).isEqualTo(2.4);
  }

  @Test
  void the_printed_line_can_be_read() {
    assertThat(GoReady.readySeconds("ready after 3.5 s, calls in each second: [10, 2]"))
        .isEqualTo(3.5);
  }

  private static List<Long> steadyAfterTwoSeconds() {
    List<Long> counts = new ArrayList<>(Collections.nCopies(20, 10L));
    counts.addAll(Collections.nCopies(20, 100L));
    return counts;
  }
}
