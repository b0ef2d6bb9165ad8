package io.gonext.host.internal.service.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BodyMemoryTest {
  private static final int MIB = 1024 * 1024;

  private final BodyMemory memory = new BodyMemory(2 * MIB);

  @Test
  void requests_together_hold_at_most_the_limit() throws FetchException {
    BodyMemory.Share one = memory.share();
    BodyMemory.Share other = memory.share();
    one.take(MIB);
    other.take(MIB);
    assertThatThrownBy(() -> one.take(1))
        .isInstanceOfSatisfying(
            FetchException.class, e -> assertThat(e.outcome()).isEqualTo(FetchOutcome.LIMITED))
        .hasMessageContaining("2 MiB of bodies");
    assertThat(memory.used()).isEqualTo(2 * MIB);
  }

  @Test
  void a_request_that_ends_gives_back_what_it_held() throws FetchException {
    try (BodyMemory.Share one = memory.share()) {
      one.take(2 * MIB);
    }
    assertThat(memory.used()).isZero();
    memory.share().take(2 * MIB);
  }

  @Test
  void a_small_heap_lowers_the_limit() {
    BodyMemory small = BodyMemory.ofHeap(8L * MIB);
    assertThatThrownBy(() -> small.share().take(MIB + 1)).isInstanceOf(FetchException.class);
  }
}
