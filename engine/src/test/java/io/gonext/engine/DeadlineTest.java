package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DeadlineTest {
  private static final Duration SHORT = Duration.ofMillis(40);

  @RegisterExtension final TestEngine engine = new TestEngine();

  @AfterEach
  void the_interrupt_flag_is_as_it_was() {
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void an_endless_loop_ends_at_its_deadline() {
    var guest = engine.instance("engine-basics");
    long began = System.nanoTime();

    var trap = TestEngine.trap(guest, SHORT, "nested_loop");

    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(SHORT);
    assertThat(trap.trapCause()).isEqualTo(new TrapCause.Deadline(SHORT));
    assertThat(trap.backtrace())
        .extracting(GuestFrame::name)
        .containsExactly("loop", "nested_loop");
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void a_guest_on_a_virtual_thread_ends_at_its_deadline() throws InterruptedException {
    var guest = engine.instance("engine-basics");
    var ended = new CountDownLatch(1);

    Thread.ofVirtual()
        .start(() -> {
          if (TestEngine.trap(guest, SHORT, "loop").trapCause() instanceof TrapCause.Deadline) {
            ended.countDown();
          }
        });

    assertThat(ended.await(10, java.util.concurrent.TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void a_host_function_that_waits_is_interrupted() {
    var guest = engine.instance("engine-basics");
    engine.host =
        (call, args) -> {
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            throw new IllegalStateException("as host code may do", e);
          }
          return 0;
        };

    assertThat(TestEngine.trap(guest, SHORT, "call_host", 1).trapCause())
        .isInstanceOf(TrapCause.Deadline.class);
  }

  @Test
  void a_host_function_that_swallows_the_interrupt_does_not_save_the_guest() {
    var guest = engine.instance("engine-basics");
    engine.host =
        (call, args) -> {
          while (!Thread.interrupted()) {
            Thread.onSpinWait();
          }
          return 0;
        };

    assertThat(TestEngine.trap(guest, SHORT, "loop_host").trapCause())
        .isInstanceOf(TrapCause.Deadline.class);
  }

  @Test
  void a_host_function_that_swallows_the_interrupt_and_waits_is_interrupted_again() {
    var guest = engine.instance("engine-basics");
    var interrupts = new AtomicInteger();
    engine.host =
        (call, args) -> {
          while (interrupts.get() < 3) {
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException swallowed) {
              interrupts.incrementAndGet();
            }
          }
          return 0;
        };

    assertThat(TestEngine.trap(guest, SHORT, "call_host", 1).trapCause())
        .isInstanceOf(TrapCause.Deadline.class);
    assertThat(interrupts).hasValue(3);
  }

  @Test
  void a_callback_after_a_swallowed_interrupt_does_not_run_the_guest() {
    var guest = engine.instance("engine-basics");
    engine.host =
        (call, args) -> {
          while (!Thread.interrupted()) {
            Thread.onSpinWait();
          }
          call.callGuest(call.function("store"), 500, 7);
          return 0;
        };

    var trap = TestEngine.trap(guest, SHORT, "call_host", 1);

    assertThat(trap.trapCause()).isInstanceOf(TrapCause.Deadline.class);
    assertThat(trap.backtrace())
        .extracting(GuestFrame::name)
        .containsExactly("env.host", "call_host");
  }

  @Test
  void an_interrupt_from_elsewhere_before_the_deadline_is_kept() {
    var guest = engine.instance("engine-basics");

    assertThatThrownBy(() ->
            guest.run(
                SHORT,
                call -> {
                  Thread.currentThread().interrupt();
                  long end = System.nanoTime() + SHORT.toNanos() * 3;
                  while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                  }
                  return 0;
                }))
        .isInstanceOf(GuestTrap.class);

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void work_that_returns_after_its_deadline_traps() {
    var guest = engine.instance("engine-basics");

    assertThatThrownBy(() ->
            guest.run(
                SHORT,
                call -> {
                  while (!Thread.interrupted()) {
                    Thread.onSpinWait();
                  }
                  return "too late";
                }))
        .isInstanceOf(GuestTrap.class);
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void a_limit_that_is_not_positive_is_refused() {
    var guest = engine.instance("engine-basics");

    assertThatThrownBy(() -> TestEngine.call(guest, Duration.ZERO, "count"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(TestEngine.call(guest, Duration.ofSeconds(Long.MAX_VALUE), "count")).isEqualTo(1);
  }

  @Test
  void a_passed_soft_limit_is_visible_to_host_functions_and_in_the_call_times() {
    var guest = engine.instance("engine-basics");
    engine.host = (call, args) -> call.isLate() ? 1 : 0;
    GuestWork<Long> work = call -> call.call(guest.function("call_host"), 1);
    long later = System.nanoTime() + TestEngine.LONG.toNanos();

    assertThat(guest.run(limits(Duration.ofNanos(1), later), work)).isEqualTo(1);
    assertThat(guest.lastRun().late()).isTrue();
    assertThat(guest.run(limits(TestEngine.LONG, later), work)).isZero();
    assertThat(guest.lastRun().late()).isFalse();
    assertThat(guest.isUsable()).isTrue();
  }

  private static RunLimits limits(Duration soft, long deadlineNanos) {
    return new RunLimits(soft, deadlineNanos, TestEngine.LONG, deadlineNanos);
  }

  @Test
  void a_wait_of_a_host_function_does_not_count_as_computing() {
    var guest = engine.instance("engine-basics");
    long computes = Duration.ofMillis(200).toNanos();
    long began = System.nanoTime();
    engine.host =
        (call, args) -> {
          call.beginWait();
          while (System.nanoTime() - began <= computes + TimeUnit.MILLISECONDS.toNanos(20)) {
            Thread.onSpinWait();
          }
          boolean isInterrupted = Thread.currentThread().isInterrupted();
          call.endWait();
          return isInterrupted || call.isLate() || call.remainingNanos() <= 0 ? 1 : 0;
        };
    GuestWork<Long> work = call -> call.call(guest.function("call_host"), 1);
    var limits =
        new RunLimits(
            Duration.ofNanos(computes),
            began + computes,
            TestEngine.LONG,
            began + TestEngine.LONG.toNanos());

    assertThat(guest.run(limits, work)).isZero();
    assertThat(guest.lastRun().late()).isFalse();
    assertThat(guest.lastRun().waitNanos()).isGreaterThan(computes / 2);
    assertThat(guest.isUsable()).isTrue();
  }

  @Test
  void a_guest_that_computes_too_long_after_a_wait_ends_with_a_deadline_trap() {
    var guest = engine.instance("engine-basics");
    engine.host = (call, args) -> waitFor(call, Duration.ofMillis(1));

    assertThatThrownBy(() ->
            guest.run(
                waitLimits(SHORT, TestEngine.LONG),
                call -> {
                  call.call(guest.function("call_host"), 1);
                  return call.call(guest.function("loop"));
                }))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap -> assertThat(trap.trapCause()).isInstanceOf(TrapCause.Deadline.class));
    assertThat(guest.lastRun().computeNanos()).isGreaterThanOrEqualTo(SHORT.toNanos());
  }

  @Test
  void a_guest_that_waits_too_long_ends_with_a_trap_of_its_own() {
    var guest = engine.instance("engine-basics");
    engine.host = (call, args) -> waitFor(call, TestEngine.LONG);
    GuestWork<Long> work = call -> call.call(guest.function("call_host"), 1);

    assertThatThrownBy(() -> guest.run(waitLimits(TestEngine.LONG, SHORT), work))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap -> {
              assertThat(trap.trapCause()).isEqualTo(new TrapCause.WaitLimit(SHORT));
              assertThat(trap.trapCause().describe())
                  .isEqualTo(
                      "the guest waited in host functions for more than "
                          + SHORT.toMillis()
                          + " ms");
            });
    assertThat(Thread.interrupted()).isFalse();
    assertThat(guest.isUsable()).isFalse();
  }

  @Test
  void all_waits_of_a_run_share_one_limit() {
    var guest = engine.instance("engine-basics");
    Duration third = SHORT.dividedBy(3);
    engine.host = (call, args) -> waitFor(call, third);
    GuestWork<Long> endless =
        call -> {
          while (true) {
            call.call(guest.function("call_host"), 1);
          }
        };

    assertThatThrownBy(() -> guest.run(waitLimits(TestEngine.LONG, SHORT), endless))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap -> assertThat(trap.trapCause()).isEqualTo(new TrapCause.WaitLimit(SHORT)));
  }

  @Test
  void a_wait_ends_with_the_run_whatever_its_own_limit_is() {
    var guest = engine.instance("engine-basics");
    engine.host = (call, args) -> waitFor(call, TestEngine.LONG);
    GuestWork<Long> work = call -> call.call(guest.function("call_host"), 1);
    long now = System.nanoTime();
    long computes = now + TestEngine.LONG.toNanos();
    var limits = new RunLimits(TestEngine.LONG, computes, TestEngine.LONG, now + SHORT.toNanos());

    assertThatThrownBy(() -> guest.run(limits, work))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap -> assertThat(trap.trapCause()).isInstanceOf(TrapCause.WaitLimit.class));
  }

  @Test
  void a_deadline_that_struck_cannot_be_moved() throws InterruptedException {
    try (var watchdog = new Watchdog(System::nanoTime)) {
      var occupancy = new Occupancy(watchdog);
      assertThat(occupancy.tryEnter()).isTrue();
      occupancy.arm(1_000);
      assertThat(occupancy.strikeIfDue(900)).isEqualTo(100);
      assertThat(occupancy.rearm(2_000)).isTrue();
      assertThat(occupancy.strikeIfDue(1_500)).isEqualTo(500);
      occupancy.strikeIfDue(2_000);

      assertThat(occupancy.rearm(3_000)).isFalse();
      assertThat(occupancy.hasFired()).isTrue();
      assertThat(occupancy.disarm()).isTrue();
      assertThat(Thread.interrupted()).isFalse();
    }
  }

  @Test
  void uninterrupted_work_is_cut_off_at_the_limit_and_the_guest_ends() {
    var guest = engine.instance("engine-basics");
    var interrupted = new AtomicInteger();
    engine.host =
        (call, args) -> {
          var cut = new CountDownLatch(1);
          call.beginWait();
          try {
            return call.uninterrupted(
                TestEngine.LONG,
                cut::countDown,
                () -> {
                  try {
                    cut.await();
                  } catch (InterruptedException e) {
                    interrupted.incrementAndGet();
                  }
                  return 0L;
                });
          } finally {
            call.endWait();
          }
        };
    GuestWork<Long> work = call -> call.call(guest.function("call_host"), 1);

    assertThatThrownBy(() -> guest.run(waitLimits(TestEngine.LONG, SHORT), work))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap -> assertThat(trap.trapCause()).isEqualTo(new TrapCause.WaitLimit(SHORT)));
    assertThat(interrupted).hasValue(0);
  }

  @Test
  void a_guest_goes_on_after_work_that_was_cut_off_before_the_limit() {
    var guest = engine.instance("engine-basics");
    var cuts = new AtomicInteger();
    engine.host =
        (call, args) ->
            call.uninterrupted(
                Duration.ofMillis(1),
                cuts::incrementAndGet,
                () -> {
                  // Once more, after the strike that comes again.
                  while (cuts.get() < 2) {
                    Thread.onSpinWait();
                  }
                  return 7L;
                });

    assertThat(TestEngine.call(guest, TestEngine.LONG, "call_host", 1)).isEqualTo(7);
    assertThat(guest.isUsable()).isTrue();
    assertThat(TestEngine.trap(guest, SHORT, "loop").trapCause())
        .isEqualTo(new TrapCause.Deadline(SHORT));
  }

  @Test
  void a_guest_whose_deadline_passed_during_uninterrupted_work_ends_after_it() {
    var guest = engine.instance("engine-basics");
    engine.host =
        (call, args) ->
            call.uninterrupted(
                TestEngine.LONG,
                () -> {},
                () -> {
                  while (call.remainingNanos() > -TimeUnit.MILLISECONDS.toNanos(20)) {
                    Thread.onSpinWait();
                  }
                  return Thread.currentThread().isInterrupted() ? 1L : 0L;
                });

    assertThat(TestEngine.trap(guest, SHORT, "call_host", 1).trapCause())
        .isInstanceOf(TrapCause.Deadline.class);
  }

  private static RunLimits waitLimits(Duration computes, Duration waits) {
    long now = System.nanoTime();
    return new RunLimits(
        TestEngine.LONG, now + computes.toNanos(), waits, now + TestEngine.LONG.toNanos());
  }

  /** Waits as a service does: an interrupt ends the wait. */
  private static long waitFor(HostCall call, Duration time) {
    call.beginWait();
    try {
      var _ = new CountDownLatch(1).await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      call.endWait();
    }
    return 0;
  }

  @Test
  void a_run_with_a_deadline_in_the_past_ends_with_a_deadline_trap() {
    var guest = engine.instance("engine-basics");
    GuestWork<Long> endless = call -> call.call(guest.function("loop"));

    assertThatThrownBy(() -> guest.run(limits(TestEngine.LONG, System.nanoTime() - 1), endless))
        .isInstanceOfSatisfying(
            GuestTrap.class,
            trap ->
                assertThat(trap.trapCause())
                    .isEqualTo(new TrapCause.Deadline(Duration.ofNanos(1_000))));
    assertThat(Thread.interrupted()).isFalse();
  }

  /** A full heap makes a scan fail like this. */
  @Test
  void deadlines_still_strike_after_a_failed_scan() throws InterruptedException {
    var healthy = new CountDownLatch(3);
    try (var watchdog =
        new Watchdog(() -> {
          if (healthy.getCount() > 0) {
            healthy.countDown();
            throw new OutOfMemoryError("no heap for a scan");
          }
          return System.nanoTime();
        })) {
      var occupancy = new Occupancy(watchdog);
      watchdog.watch(occupancy);
      healthy.await();
      assertThat(occupancy.tryEnter()).isTrue();
      occupancy.arm(System.nanoTime());

      assertThatThrownBy(() -> new CountDownLatch(1).await())
          .isInstanceOf(InterruptedException.class);

      assertThat(occupancy.disarm()).isTrue();
      assertThat(watchdog.failures()).isEqualTo(3);
    }
  }

  @Test
  void sleeping_in_poll_oneoff_ends_at_the_deadline() {
    var guest = engine.instance("engine-wasi");

    assertThat(TestEngine.trap(guest, SHORT, "sleep", Long.MAX_VALUE).trapCause())
        .isInstanceOf(TrapCause.Deadline.class);
  }
}
