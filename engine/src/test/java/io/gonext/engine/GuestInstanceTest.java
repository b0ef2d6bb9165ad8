package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GuestInstanceTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  @Test
  void a_call_passes_arguments_and_returns_the_result() {
    var guest = engine.instance("engine-basics");

    assertThat(TestEngine.call(guest, "add", 40, 2)).isEqualTo(42);
    assertThat(guest.function("add")).hasToString("add (i32, i32) -> i32");
  }

  @Test
  void an_i32_result_is_zero_extended_and_a_float_travels_as_its_bits() {
    var guest = engine.instance("engine-basics");

    assertThat(TestEngine.call(guest, "add", -1, -1)).isEqualTo(0xFFFF_FFFEL);
    long half = TestEngine.call(guest, "half", Float.floatToRawIntBits(-3f));
    assertThat(Float.intBitsToFloat((int) half)).isEqualTo(-1.5f);
  }

  @Test
  void calls_in_one_run_share_the_guests_memory() {
    var guest = engine.instance("engine-basics");

    int read =
        guest.run(
            TestEngine.LONG,
            call -> {
              call.memory().writeInt(100, 7);
              call.call(guest.function("store"), 104, call.call(guest.function("load"), 100) + 1);
              return call.memory().readInt(104);
            });

    assertThat(read).isEqualTo(8);
  }

  @Test
  void touched_bytes_count_whole_blocks_until_the_reset() {
    var guest = engine.instance("engine-basics");
    assertThat(guest.touchedBytes()).isZero();
    TestEngine.call(guest, "store", 100, 1);
    TestEngine.call(guest, "store", 104, 1);
    assertThat(guest.touchedBytes()).isEqualTo(4096);
    TestEngine.call(guest, "store", 40_000, 1);
    assertThat(guest.touchedBytes()).isEqualTo(2 * 4096);

    guest.reset();

    assertThat(guest.touchedBytes()).isZero();
  }

  @Test
  void the_guests_state_lasts_across_runs_until_the_reset() {
    var guest = engine.instance("engine-basics");
    TestEngine.call(guest, "count");
    TestEngine.call(guest, "store", 60_000, 99);
    TestEngine.call(guest, "grow", 1);

    assertThat(TestEngine.call(guest, "count")).isEqualTo(2);
    assertThat(guest.differenceFromSnapshot()).isNotNull();

    guest.reset();

    assertThat(guest.differenceFromSnapshot()).isNull();
    assertThat(TestEngine.call(guest, "count")).isEqualTo(1);
    assertThat(TestEngine.call(guest, "load", 60_000)).isZero();
    assertThat(TestEngine.call(guest, "grow", 0)).isEqualTo(1);
  }

  @Test
  void the_wrong_number_of_arguments_is_refused_before_the_guest_runs() {
    var guest = engine.instance("engine-basics");

    assertThatThrownBy(
            () -> guest.run(TestEngine.LONG, call -> call.call(guest.function("add"), 1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("add takes (i32, i32) -> i32, not [1]");
  }

  @Test
  void the_error_for_a_missing_export_names_it() {
    var guest = engine.instance("engine-basics");

    assertThat(guest.hasFunction("nothing")).isFalse();
    assertThatThrownBy(() -> guest.function("nothing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nothing");
  }

  @Test
  void a_second_thread_is_refused_while_one_is_inside() throws Exception {
    var guest = engine.instance("engine-basics");
    var inside = new CountDownLatch(1);
    var leave = new CountDownLatch(1);
    var first =
        new FutureTask<>(() ->
            guest.run(
                TestEngine.LONG,
                call -> {
                  inside.countDown();
                  await(leave);
                  return call.call(guest.function("count"));
                }));
    Thread.ofVirtual().start(first);
    inside.await();

    assertThatThrownBy(() -> TestEngine.call(guest, "count"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("in use");
    assertThatThrownBy(guest::reset).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(guest::close).isInstanceOf(IllegalStateException.class);
    leave.countDown();

    assertThat(first.get()).isEqualTo(1);
    assertThat(guest.isUsable()).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void a_host_function_cannot_enter_its_own_instance_again() {
    var guest = engine.instance("engine-basics");
    engine.host = (call, args) -> TestEngine.call(guest, "count");

    var trap = TestEngine.trap(guest, "call_host", 1);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.HostFailure("env.host"));
    assertThat(trap).cause().isInstanceOf(IllegalStateException.class);
  }

  @Test
  void what_is_put_off_until_success_is_handed_over_once_and_never_run() {
    var guest = engine.instance("engine-basics");
    var done = new ArrayList<Long>();
    engine.host =
        (call, args) -> {
          call.afterSuccess(() -> done.add(args[0]));
          return 0;
        };
    TestEngine.call(guest, "call_host", 1);
    TestEngine.call(guest, "call_host", 2);

    var effects = guest.takeEffects();
    assertThat(done).isEmpty();
    effects.forEach(Runnable::run);
    assertThat(done).containsExactly(1L, 2L);
    assertThat(guest.takeEffects()).isEmpty();
  }

  @Test
  void a_call_outside_its_run_or_on_another_thread_is_refused() {
    var guest = engine.instance("engine-basics");
    var leaked = guest.run(TestEngine.LONG, call -> call);

    assertThatThrownBy(() -> leaked.call(guest.function("count")))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() ->
            guest.run(
                TestEngine.LONG,
                call -> {
                  var other = new FutureTask<>(() -> call.call(guest.function("count")));
                  Thread.ofVirtual().start(other);
                  try {
                    return other.get();
                  } catch (InterruptedException | ExecutionException e) {
                    throw new IllegalArgumentException(e);
                  }
                }))
        .hasRootCauseInstanceOf(IllegalStateException.class);
  }

  @Test
  void any_exception_from_the_work_leaves_the_instance_unusable() {
    var guest = engine.instance("engine-basics");

    assertThatThrownBy(() ->
            guest.run(
                TestEngine.LONG,
                call -> {
                  throw new IllegalArgumentException("host's own");
                }))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("host's own");

    assertThat(guest.isUsable()).isFalse();
    assertThatThrownBy(() -> TestEngine.call(guest, "count"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(guest::reset).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_trap_that_the_work_catches_leaves_the_instance_unusable() {
    var guest = engine.instance("engine-basics");

    GuestTrap again =
        guest.run(
            TestEngine.LONG,
            call -> {
              var first =
                  catchThrowableOfType(
                      GuestTrap.class, () -> call.call(guest.function("unreachable")));
              var second =
                  catchThrowableOfType(GuestTrap.class, () -> call.call(guest.function("count")));
              assertThat(second).isSameAs(first);
              return second;
            });

    assertThat(again.trapCause()).isEqualTo(new TrapCause.Unreachable());
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void a_trap_that_a_host_function_catches_still_ends_the_outer_call() {
    var guest = engine.instance("engine-basics");
    engine.host =
        (call, args) -> {
          assertThatThrownBy(() -> call.callGuest(call.function("unreachable")))
              .isInstanceOf(GuestTrap.class);
          return 0;
        };

    assertThat(TestEngine.trap(guest, "call_host", 1).trapCause())
        .isEqualTo(new TrapCause.Unreachable());
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void a_closed_instance_or_engine_is_not_usable() {
    var guest = engine.instance("engine-basics");
    guest.close();
    guest.close();
    assertThatThrownBy(() -> TestEngine.call(guest, "count"))
        .isInstanceOf(IllegalStateException.class);

    var other = engine.instance("engine-basics");
    engine.engine.close();
    assertThatThrownBy(() -> TestEngine.call(other, "count"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("engine is closed");
  }

  @Test
  void the_start_section_runs_before_start_whose_exit_with_0_is_success() {
    var guest = engine.instance("engine-start");

    assertThat(TestEngine.call(guest, "stage")).isEqualTo(11);
    guest.reset();
    assertThat(TestEngine.call(guest, "stage")).isEqualTo(11);
  }

  @Test
  void call_times_separate_host_time_from_guest_time() {
    var guest = engine.instance("engine-basics");
    long spent = 3_000_000;
    engine.host =
        (call, args) -> {
          spin(spent);
          return 0;
        };

    TestEngine.call(guest, "call_host", 1);

    var times = guest.lastRun();
    assertThat(times.hostNanos()).isBetween(spent, times.wallNanos());
    assertThat(times.guestNanos()).isEqualTo(times.wallNanos() - times.hostNanos());
    TestEngine.call(guest, "count");
    assertThat(guest.lastRun().hostNanos()).isZero();
  }

  @Test
  void time_that_a_host_function_waits_is_measured_apart() {
    var guest = engine.instance("engine-basics");
    long spent = 3_000_000;
    engine.host =
        (call, args) -> {
          call.beginWait();
          spin(spent);
          call.endWait();
          spin(spent);
          return 0;
        };

    TestEngine.call(guest, "call_host", 1);

    var times = guest.lastRun();
    assertThat(times.waitNanos()).isBetween(spent, times.hostNanos() - spent);
    TestEngine.call(guest, "count");
    assertThat(guest.lastRun().waitNanos()).isZero();
  }

  private static void spin(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void a_failure_that_a_host_function_reports_is_known_until_the_next_run() {
    var guest = engine.instance("engine-basics");
    engine.host =
        (call, args) -> {
          call.reportFailure(new HostFailure("STORE", "the store failed"));
          return 0;
        };

    TestEngine.call(guest, "call_host", 1);

    assertThat(guest.hostFailure()).isEqualTo(new HostFailure("STORE", "the store failed"));
    TestEngine.call(guest, "count");
    assertThat(guest.hostFailure()).isNull();
  }

  @Test
  void an_instances_weight_is_its_memory_and_tables() {
    var guest = engine.instance("engine-basics");
    long before = guest.weightBytes();

    TestEngine.call(guest, "grow", 3);

    assertThat(before).isBetween(65_536L, 70_000L);
    assertThat(guest.weightBytes() - before).isGreaterThanOrEqualTo(3 * 65_536L);
  }

  /**
   * Each instance of engine-entropy writes a random number at its start, so no two share an image.
   */
  @Test
  void an_unshared_image_counts_in_its_instances_weight() {
    var module = engine.engine.compile(io.gonext.guests.Guests.wasm("engine-entropy"));
    long sharing = module.instantiate(engine.config()).weightBytes();
    long own = module.instantiate(engine.config()).weightBytes();

    // One block of the image is not zero.
    assertThat(own - sharing).isBetween(4_096L, 4_300L);
  }

  @Test
  void small_growth_in_many_leases_keeps_the_memory_exact() {
    var module = engine.engine.compile(io.gonext.guests.Guests.wasm("engine-grow"));
    var guest = module.instantiate(engine.config());
    for (int lease = 0; lease < 3_000; lease++) {
      TestEngine.call(guest, "grow_to", 4);
      assertThat(guest.linear().data).isNotNull();
      guest.reset();
    }

    assertThat(guest.differenceFromSnapshot()).isNull();
  }

  @Test
  void an_instance_that_grew_a_lot_keeps_its_large_array_for_the_next_lease() {
    var guest = engine.instance("engine-grow", engine.config());
    assertThat(TestEngine.call(guest, "grow_to", 250)).isEqualTo(250);
    assertThat(guest.linear().data).isNull();
    guest.reset();
    assertThat(guest.differenceFromSnapshot()).isNull();
    assertThat(guest.linear().data).hasSize(65_536);
    long kept = guest.weightBytes();

    assertThat(TestEngine.call(guest, "grow_to", 250)).isEqualTo(250);
    guest.reset();

    assertThat(guest.weightBytes()).isEqualTo(kept).isGreaterThan(250 * 65_536L);
    assertThat(guest.differenceFromSnapshot()).isNull();
  }
}
