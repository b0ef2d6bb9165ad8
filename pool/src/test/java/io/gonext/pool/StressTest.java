package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Many threads at once. {@link Thing} notices two users; the accounts are checked by {@link Pools}.
 */
@Tag("slow")
class StressTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  /** Of each virtual thread; 1,000 in the profile {@code long}, which take half a minute. */
  private static final int CHECKOUTS = Integer.getInteger("gonext.test.checkouts", 100);

  private static final int VIRTUAL_THREADS = 10_000;

  @RegisterExtension final Pools pools = new Pools();
  private final ThingAllocator allocator = new ThingAllocator();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  @FunctionalInterface
  private interface Work {
    void run(int thread) throws Exception;
  }

  private void together(int threads, ThreadFactory factory, Work work) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> started = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      int index = i;
      Thread thread =
          factory.newThread(() -> {
            try {
              go.await();
              work.run(index);
            } catch (Throwable t) {
              failure.compareAndSet(null, t);
            }
          });
      thread.start();
      started.add(thread);
    }
    go.countDown();
    for (Thread thread : started) {
      thread.join();
    }
    assertThat(failure).hasValue(null);
  }

  private static void useOnce(InstancePool<Thing> pool) throws InterruptedException {
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      lease.get().use();
    }
  }

  /** The user's own close is then the second one. */
  private static void returnEarly(Lease<Thing> lease) {
    lease.close();
  }

  private long uses() {
    return allocator.things.stream().mapToLong(thing -> thing.uses).sum();
  }

  @Test
  void a_hundred_threads_check_out_a_thousand_times_each() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c);
    together(
        100,
        Thread.ofPlatform().factory(),
        thread -> {
          for (int i = 0; i < 1_000; i++) {
            useOnce(pool);
          }
        });

    assertThat(pool.stats().checkouts()).isEqualTo(100_000);
    assertThat(pool.stats().idle()).isEqualTo(pool.stats().live());
    assertThat(uses()).isEqualTo(100_000);
  }

  @Test
  void ten_thousand_virtual_threads_check_out_many_times_each() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c);
    together(
        VIRTUAL_THREADS,
        Thread.ofVirtual().factory(),
        thread -> {
          for (int i = 0; i < CHECKOUTS; i++) {
            useOnce(pool);
          }
        });

    assertThat(pool.stats().checkouts()).isEqualTo((long) VIRTUAL_THREADS * CHECKOUTS);
    assertThat(uses()).isEqualTo((long) VIRTUAL_THREADS * CHECKOUTS);
  }

  /**
   * The unsynchronized count in {@link Thing} is exact only if each lease happens-before the next,
   * on the path without a lock and on the hand-over to a waiter.
   */
  @Test
  void a_lease_sees_the_writes_of_the_lease_before_it() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(2, 2));
    together(
        4,
        Thread.ofPlatform().factory(),
        thread -> {
          for (int i = 0; i < 100_000; i++) {
            useOnce(pool);
          }
        });

    assertThat(allocator.things).hasSize(2);
    assertThat(uses()).isEqualTo(400_000);
  }

  /**
   * A return reads that no caller waits and then publishes, without a fence. No other thread
   * returns an instance here, so a waiter that it missed would time out.
   */
  @Test
  void a_return_that_races_with_the_first_waiter_serves_it() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    AtomicInteger taken = new AtomicInteger();
    AtomicInteger served = new AtomicInteger();
    together(
        2,
        Thread.ofPlatform().factory(),
        thread -> {
          for (int round = 1; round <= 5_000; round++) {
            if (thread == 0) {
              Lease<Thing> lease = pool.checkout(LONG);
              lease.get().use();
              taken.set(round);
              for (int i = round % 128; i > 0; i--) {
                Thread.onSpinWait();
              }
              lease.close();
              reach(served, round);
            } else {
              reach(taken, round);
              useOnce(pool);
              served.set(round);
            }
          }
        });

    assertThat(uses()).isEqualTo(10_000);
  }

  /** Spins, because parked threads would not start close enough together for a race. */
  @SuppressWarnings("ThreadPriorityCheck") // yields to the other thread on a machine of one core
  private void reach(AtomicInteger count, int round) {
    for (int spins = 1; count.get() < round && failure.get() == null; spins++) {
      if (spins % 1_000 == 0) {
        Thread.yield();
      } else {
        Thread.onSpinWait();
      }
    }
  }

  @RepeatedTest(20)
  void returns_that_race_with_close_leave_no_instance_open() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(2, 4));
    AtomicInteger refused = new AtomicInteger();
    together(
        8,
        Thread.ofPlatform().factory(),
        thread -> {
          try {
            for (int i = 0; i < 2_000; i++) {
              useOnce(pool);
              if (thread == 0 && i == 200) {
                pool.close(Duration.ZERO);
              }
            }
          } catch (PoolClosedException e) {
            refused.incrementAndGet();
          }
        });

    assertThat(pool.drain()).succeedsWithin(LONG);
    assertThat(refused).hasPositiveValue();
    assertThat(allocator.open()).isZero();
    assertThat(pool.stats().live()).isZero();
  }

  @RepeatedTest(10)
  void two_threads_that_close_one_lease_return_it_once() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    for (int i = 0; i < 100; i++) {
      Lease<Thing> lease = pool.checkout(LONG);
      together(2, Thread.ofVirtual().factory(), thread -> lease.close());
    }

    assertThat(pool.stats().doubleReturns()).isEqualTo(100);
    assertThat(allocator.things.getFirst().resets).hasValue(100);
  }

  /** Runs all operations at once. */
  @Test
  void all_operations_together_keep_the_accounts() throws Exception {
    AtomicLong step = new AtomicLong();
    allocator.onReset(() -> {
      if (step.incrementAndGet() % 97 == 0) {
        throw new IllegalStateException("scripted");
      }
    });
    pools.use(pools.runtime().withGovernor(new MemoryGovernor(700)));
    allocator.weight(100);
    InstancePool<Thing> pool =
        pools.started(
            allocator,
            c ->
                c.bounds(1, 8)
                    .maxUses(50)
                    .recycleAtBytes(180)
                    .maxAge(Duration.ofMillis(50))
                    .maxIdleTime(Duration.ofMillis(1))
                    .reapInterval(Duration.ofMillis(1)));
    AtomicLong served = new AtomicLong();
    together(
        17,
        Thread.ofPlatform().factory(),
        thread -> {
          for (int i = 0; thread == 16 && i < 2_000; i++) {
            SnapshotTest.assertAgrees(pool.snapshot());
          }
          if (thread == 16) {
            return;
          }
          Random random = new Random(thread);
          for (int i = 0; i < 2_000; i++) {
            if (thread == 0 && i % 20 == 0) {
              int max = 1 + random.nextInt(12);
              pool.resize(random.nextInt(max + 1), max);
            }
            Duration patience = Duration.ofNanos(random.nextInt(2_000_000));
            try (Lease<Thing> lease = pool.checkout(patience)) {
              served.incrementAndGet();
              lease.get().use();
              switch (random.nextInt(40)) {
                case 0 -> lease.markUnusable(new IllegalStateException("scripted"));
                case 1 -> lease.get().weight = 140L + random.nextInt(2) * 40L;
                case 2 -> returnEarly(lease);
                default -> Thread.onSpinWait();
              }
            } catch (CheckoutTimeoutException e) {
              Thread.onSpinWait();
            }
          }
        });
    pool.resize(1, 8);

    eventually().until(() -> pool.stats().idle() == pool.stats().live());
    PoolStats stats = pool.stats();
    assertThat(stats.checkouts()).isEqualTo(served.get());
    assertThat(stats.checkouts() + stats.checkoutErrors()).isEqualTo(16 * 2_000);
    assertThat(stats.recycled()).containsKeys(RecycleReason.MAX_USES, RecycleReason.UNUSABLE);
  }
}
