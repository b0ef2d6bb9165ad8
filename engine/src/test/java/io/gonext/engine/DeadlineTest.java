package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
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

    assertThat(guest.runUntil(Duration.ofNanos(1), later, work)).isEqualTo(1);
    assertThat(guest.lastRun().late()).isTrue();
    assertThat(guest.runUntil(TestEngine.LONG, later, work)).isZero();
    assertThat(guest.lastRun().late()).isFalse();
    assertThat(guest.isUsable()).isTrue();
  }

  @Test
  void a_run_with_a_deadline_in_the_past_ends_with_a_deadline_trap() {
    var guest = engine.instance("engine-basics");
    GuestWork<Long> endless = call -> call.call(guest.function("loop"));

    assertThatThrownBy(() -> guest.runUntil(TestEngine.LONG, System.nanoTime() - 1, endless))
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
