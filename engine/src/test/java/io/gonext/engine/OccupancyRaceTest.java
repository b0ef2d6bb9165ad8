package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;

/** Calls that end at the moment at which their deadline strikes. */
@Tag("slow")
@Isolated("it looks at the watchdogs of the whole JVM")
class OccupancyRaceTest {
  private static final int CALLS = 1_000_000;

  @RegisterExtension final TestEngine engine = new TestEngine();

  /**
   * A striker scans one occupancy without a pause, so about every other call is interrupted as it
   * ends. Whichever side wins the compare-and-set, the flag is clear afterwards, and a call that
   * was disarmed in time is never interrupted.
   */
  @Test
  @Timeout(60)
  void an_interrupt_never_outlives_its_call() throws InterruptedException {
    try (var watchdog = new Watchdog()) {
      var occupancy = new Occupancy(watchdog);
      var stop = new AtomicBoolean();
      Thread striker =
          Thread.ofPlatform()
              .start(() -> {
                while (!stop.get()) {
                  occupancy.strikeIfDue(System.nanoTime());
                }
              });
      var random = new Random(1);
      int struck = 0;
      // On a busy machine the striker runs rarely, so continue until both outcomes were seen often.
      for (int i = 0; i < CALLS || struck < CALLS / 1000; i++) {
        assertThat(occupancy.tryEnter()).isTrue();
        long strikesAt = System.nanoTime() + random.nextInt(400);
        occupancy.arm(strikesAt);
        while (System.nanoTime() < strikesAt) {
          Thread.onSpinWait();
        }
        if (occupancy.disarm()) {
          struck++;
        }
        if (Thread.interrupted()) {
          throw new AssertionError("interrupted after call " + i);
        }
        occupancy.leave();
      }
      stop.set(true);
      striker.join();

      assertThat(Thread.interrupted()).isFalse();
      assertThat(struck).isLessThan(CALLS * 999 / 1000);
    }
  }

  /** A call that is interrupted again and again until it ends. */
  @Test
  @Timeout(60)
  void repeated_interrupts_never_outlive_their_call() throws InterruptedException {
    try (var watchdog = new Watchdog()) {
      var occupancy = new Occupancy(watchdog);
      var stop = new AtomicBoolean();
      var strikes = new AtomicLong();
      Thread striker =
          Thread.ofPlatform()
              .start(() -> {
                long later = System.nanoTime();
                while (!stop.get()) {
                  // Time moves by a second at each scan, so another interrupt is always due.
                  later += 1_000_000_000;
                  occupancy.strikeIfDue(later);
                  strikes.incrementAndGet();
                }
              });
      for (int i = 0; i < CALLS / 50; i++) {
        assertThat(occupancy.tryEnter()).isTrue();
        occupancy.arm(System.nanoTime());
        long before = strikes.get();
        while (strikes.get() < before + 3) {
          Thread.onSpinWait();
        }
        assertThat(occupancy.disarm()).isTrue();
        if (Thread.interrupted()) {
          throw new AssertionError("interrupted after call " + i);
        }
        occupancy.leave();
      }
      stop.set(true);
      striker.join();

      assertThat(Thread.interrupted()).isFalse();
    }
  }

  /** The same through the whole engine, with calls of about one watchdog tick. */
  @Test
  void a_call_that_was_interrupted_does_not_affect_the_next_call() {
    var struck = 0;
    var counted = 0;
    GuestInstance looping = engine.instance("engine-basics");
    GuestInstance counting = engine.instance("engine-basics");
    long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
    while (System.nanoTime() < end) {
      if (TestEngine.trap(looping, Duration.ofMillis(1), "loop").trapCause()
          instanceof TrapCause.Deadline) {
        struck++;
      }
      looping.close();
      looping = engine.instance("engine-basics");
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      assertThat(TestEngine.call(counting, "count")).isEqualTo(++counted);
    }

    assertThat(struck).isEqualTo(counted).isGreaterThan(10);
  }

  @Test
  void the_watchdog_sleeps_while_no_call_runs_and_wakes_for_the_next() {
    GuestInstance guest = engine.instance("engine-basics");
    TestEngine.call(guest, "count");
    Thread watchdog =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().equals("gonext-watchdog"))
            .filter(thread -> sleeps(thread, Duration.ofSeconds(10)))
            .findAny()
            .orElseThrow();
    assertThat(watchdog.isDaemon()).isTrue();

    assertThat(TestEngine.trap(guest, Duration.ofMillis(5), "loop").trapCause())
        .isInstanceOf(TrapCause.Deadline.class);
  }

  /** Whether the thread soon parks without a time limit. */
  private static boolean sleeps(Thread thread, Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() < end) {
      if (thread.getState() == Thread.State.WAITING) {
        return true;
      }
      LockSupport.parkNanos(1_000_000);
    }
    return false;
  }

  @Test
  void the_watchdog_forgets_a_closed_instance() {
    try (var watchdog = new Watchdog()) {
      var occupancy = new Occupancy(watchdog);
      watchdog.watch(occupancy);
      assertThat(watchdog.watched()).isEqualTo(1);
      watchdog.forget(occupancy);
      assertThat(watchdog.watched()).isZero();
    }
  }
}
