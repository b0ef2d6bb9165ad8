package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.ModuleDefinition.MemoryType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Tests what {@code poll_oneoff} waits for and returns. Only its own waiting moves the clocks. */
class WasiPollTest {
  private static final long MS = 1_000_000;
  private static final long EVENTS = 32_768;
  private static final int REALTIME = 0;
  private static final int MONOTONIC = 1;

  /** The wall clock is far from the monotonic clock, so that the test detects a mix-up. */
  private final long[] clocks = {1_800_000_000_000L * MS, 5_000 * MS};

  private final List<Long> slept = new ArrayList<>();
  private final GuestMemory memory = new GuestMemory(new LinearMemory(new MemoryType(1, 1), 1));

  /** How much longer a wait takes than requested. */
  private long overshoot;

  private int subscriptions;

  private void clock(int clock, long timeout, boolean absolute) {
    long at = next((byte) 0);
    memory.writeInt(at + 16, clock);
    memory.writeLong(at + 24, timeout);
    memory.writeInt(at + 40, absolute ? 1 : 0);
  }

  private void descriptor(int kind, int fd) {
    memory.writeInt(next((byte) kind) + 16, fd);
  }

  /** Adds a clock. Its userdata is the subscription's number. */
  private long next(byte kind) {
    long at = 48L * subscriptions;
    memory.writeLong(at, subscriptions++);
    memory.writeByte(at + 8, kind);
    return at;
  }

  /** The userdata of the events. */
  private List<Long> poll() {
    var poll =
        new WasiPoll(
            memory,
            0,
            EVENTS,
            subscriptions,
            clock -> clocks[(int) clock],
            fd -> fd <= 2,
            nanos -> {
              slept.add(nanos);
              clocks[REALTIME] += nanos + overshoot;
              clocks[MONOTONIC] += nanos + overshoot;
            });
    var ready = new ArrayList<Long>();
    int events = poll.run();
    for (int i = 0; i < events; i++) {
      ready.add(memory.readLong(EVENTS + 32L * i));
    }
    return ready;
  }

  @Test
  void a_later_absolute_clock_does_not_fire_with_an_earlier_relative_one() {
    for (int clock : new int[] {REALTIME, MONOTONIC}) {
      subscriptions = 0;
      slept.clear();
      clock(MONOTONIC, 60 * MS, false);
      clock(clock, clocks[clock] + 100 * MS, true);

      assertThat(poll()).containsExactly(0L);
      assertThat(slept).containsExactly(60 * MS);
    }
  }

  @Test
  void an_earlier_absolute_clock_fires_alone() {
    clock(MONOTONIC, 60 * MS, false);
    clock(REALTIME, clocks[REALTIME] + 20 * MS, true);

    assertThat(poll()).containsExactly(1L);
    assertThat(slept).containsExactly(20 * MS);
  }

  @Test
  void the_earlier_of_two_absolute_clocks_fires() {
    clock(REALTIME, clocks[REALTIME] + 80 * MS, true);
    clock(MONOTONIC, clocks[MONOTONIC] + 30 * MS, true);

    assertThat(poll()).containsExactly(1L);
    assertThat(slept).containsExactly(30 * MS);
  }

  @Test
  void clocks_with_the_same_deadline_fire_together() {
    clock(REALTIME, clocks[REALTIME] + 30 * MS, true);
    clock(MONOTONIC, 30 * MS, false);
    clock(MONOTONIC, clocks[MONOTONIC] + 30 * MS, true);
    clock(MONOTONIC, 30 * MS + 1, false);

    assertThat(poll()).containsExactly(0L, 1L, 2L);
  }

  @Test
  void a_clock_that_passes_while_the_wait_overruns_fires_too() {
    overshoot = 15 * MS;
    clock(MONOTONIC, 60 * MS, false);
    clock(REALTIME, clocks[REALTIME] + 70 * MS, true);
    clock(REALTIME, clocks[REALTIME] + 80 * MS, true);

    assertThat(poll()).containsExactly(0L, 1L);
  }

  @Test
  void a_time_in_the_past_fires_without_waiting() {
    clock(REALTIME, 1, true);
    clock(MONOTONIC, 0, false);
    clock(MONOTONIC, 1, false);

    assertThat(poll()).containsExactly(0L, 1L);
    assertThat(slept).isEmpty();
  }

  @Test
  void a_stream_is_ready_at_once_and_pending_clocks_are_not() {
    clock(MONOTONIC, 60 * MS, false);
    descriptor(2, 1);
    clock(REALTIME, clocks[REALTIME] + 100 * MS, true);
    descriptor(1, 0);

    assertThat(poll()).containsExactly(1L, 3L);
    assertThat(slept).isEmpty();
  }

  @Test
  void a_clock_that_has_passed_is_reported_together_with_a_stream() {
    clock(MONOTONIC, clocks[MONOTONIC] - 1, true);
    descriptor(2, 2);

    assertThat(poll()).containsExactly(0L, 1L);
  }

  @Test
  void a_closed_descriptor_is_reported_as_an_error_at_once() {
    clock(MONOTONIC, 60 * MS, false);
    descriptor(1, 7);

    assertThat(poll()).containsExactly(1L);
    assertThat(memory.readInt(EVENTS + 8) & 0xFFFF).isEqualTo(8);
  }

  @Test
  void a_time_beyond_63_bits_fires_after_all_others() {
    clock(REALTIME, -1, true);
    clock(MONOTONIC, -1, false);
    clock(MONOTONIC, Long.MAX_VALUE, true);
    clock(MONOTONIC, 10 * MS, false);

    assertThat(poll()).containsExactly(3L);
    assertThat(slept).containsExactly(10 * MS);
  }

  @Test
  void a_clock_that_does_not_exist_ends_the_poll_without_waiting() {
    clock(MONOTONIC, 10 * MS, false);
    clock(2, 5 * MS, false);

    assertThat(poll()).isEmpty();
    assertThat(slept).isEmpty();
  }

  @Test
  void the_events_may_overlap_the_subscriptions() {
    clock(MONOTONIC, 10 * MS, false);
    clock(MONOTONIC, 10 * MS, false);
    var poll = new WasiPoll(memory, 0, 0, 2, clock -> clocks[(int) clock], fd -> true, slept::add);

    assertThat(poll.run()).isEqualTo(2);
    assertThat(memory.readLong(0)).isZero();
    assertThat(memory.readLong(32)).isEqualTo(1);
  }
}
