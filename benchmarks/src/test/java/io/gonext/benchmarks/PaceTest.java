package io.gonext.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final Pace SHORT = new Pace(1, 1, 3);

  @Test
  void the_arguments_of_a_program_say_the_pace() {
    assertThat(Pace.OPERATION.arguments()).containsExactly("300", "200", "5");
    assertThat(Pace.of(Pace.OPERATION.arguments())).isEqualTo(Pace.OPERATION);
  }

  @Test
  void what_is_measured_can_be_printed_and_read_again() {
    KernelTimes times = SHORT.measure(() -> 3_609_763_646L);
    assertThat(times.first()).isPositive();
    assertThat(times.steady()).isPositive();
    assertThat(KernelTimes.of(times.lines()).checksum()).isEqualTo(3_609_763_646L);
  }

  @Test
  void a_kernel_that_answers_something_else_later_is_an_error() {
    var runs = new AtomicLong();
    assertThatThrownBy(() -> SHORT.measure(runs::incrementAndGet))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a run answers 2, an earlier one 1");
  }

  @Test
  void output_without_a_line_names_it() {
    assertThatThrownBy(() -> KernelTimes.of("first 1.0\nsteady 2.0\n"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("no line 'checksum' in: ");
  }
}
