package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RotationTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration MAX_AGE = Duration.ofHours(1);
  private static final Duration MAX_IDLE = Duration.ofMinutes(5);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Callers callers = new Callers();
  private final ThingAllocator allocator = new ThingAllocator();

  @BeforeEach
  void fakeTime() {
    pools.fakeTime();
  }

  private InstancePool<Thing> started(int min, int max) {
    return pools.started(allocator, c -> c.bounds(min, max));
  }

  /** Leaves the pool with this many idle instances. */
  private static void grow(InstancePool<Thing> pool, int size) throws Exception {
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      leases.add(pool.checkout(LONG));
    }
    leases.forEach(Lease::close);
    assertThat(pool.stats().idle()).isEqualTo(size);
  }

  @Test
  void unused_instances_are_evicted_down_to_the_floor() throws Exception {
    InstancePool<Thing> pool = started(2, 8);
    grow(pool, 8);
    pool.reap();
    pools.nanoTime.advance(MAX_IDLE.minusNanos(1));
    pool.reap();
    assertThat(pool.stats().live()).isEqualTo(8);

    pools.nanoTime.advance(Duration.ofNanos(1));
    pool.reap();

    assertThat(pool.stats().live()).isEqualTo(2);
    assertThat(pool.stats().recycled(RecycleReason.IDLE)).isEqualTo(6);
  }

  @Test
  void without_an_idle_limit_no_instance_is_evicted() throws Exception {
    InstancePool<Thing> pool =
        pools.started(allocator, c -> c.bounds(1, 4).maxIdleTime(Duration.ZERO));
    grow(pool, 4);
    for (int i = 0; i < 3; i++) {
      pools.nanoTime.advance(MAX_IDLE);
      pool.reap();
    }

    assertThat(pool.stats().live()).isEqualTo(4);
  }

  /**
   * The load needs at most two instances at once. It comes from many threads, and each tries
   * another slot first. The other six instances must still become unused.
   */
  @Test
  void under_light_load_from_many_threads_the_pool_shrinks_to_that_load() throws Exception {
    InstancePool<Thing> pool = started(1, 8);
    grow(pool, 8);
    for (int pass = 0; pass < 8; pass++) {
      pool.reap();
      for (int i = 0; i < 100; i++) {
        Callers.Call one = callers.start(pool, LONG);
        Callers.Call other = callers.start(pool, LONG);
        Lease<Thing> first = one.get();
        Lease<Thing> second = other.get();
        first.get().use();
        second.get().use();
        first.close();
        second.close();
      }
      pools.nanoTime.advance(Duration.ofMinutes(1));
    }

    assertThat(pool.stats().live()).isEqualTo(2);
    assertThat(pool.stats().recycled(RecycleReason.IDLE)).isEqualTo(6);
    for (int pass = 0; pass < 7; pass++) {
      pool.reap();
      pools.nanoTime.advance(Duration.ofMinutes(1));
    }
    assertThat(pool.stats().live()).isEqualTo(1);
  }

  @Test
  void a_checkout_prefers_a_warm_instance_to_a_cold_one() throws Exception {
    InstancePool<Thing> pool = started(4, 4);
    pool.reap();
    Set<Thing> used = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      try (Lease<Thing> lease = callers.start(pool, LONG).get()) {
        used.add(lease.get());
      }
    }

    assertThat(used).hasSize(1);
  }

  @Test
  void a_checkout_takes_a_cold_instance_when_none_is_warm() throws Exception {
    InstancePool<Thing> pool = started(4, 4);
    pool.reap();
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      leases.add(pool.tryCheckout().orElseThrow());
    }

    assertThat(leases.stream().map(Lease::get).distinct()).hasSize(4);
    leases.forEach(Lease::close);
  }

  @Test
  void an_instance_past_its_age_is_replaced_while_idle() throws Exception {
    InstancePool<Thing> pool = started(1, 1);
    pools.nanoTime.advance(MAX_AGE.minusNanos(1));
    pool.reap();
    assertThat(pool.stats().recycledTotal()).isZero();
    pools.nanoTime.advance(Duration.ofNanos(1));

    pool.reap();

    eventually().until(() -> pool.stats().created() == 2);
    assertThat(pool.stats().recycled(RecycleReason.MAX_AGE)).isEqualTo(1);
  }

  @Test
  void an_instance_past_its_age_is_closed_only_after_its_return() throws Exception {
    InstancePool<Thing> pool = started(1, 1);
    Lease<Thing> lease = pool.checkout(LONG);
    Thing old = lease.get();
    old.enter();
    pools.nanoTime.advance(MAX_AGE);
    pool.reap();
    pool.reap();

    assertThat(old.closes).hasValue(0);
    assertThat(lease.get()).isSameAs(old);
    old.exit();
    lease.close();
    eventually().until(() -> pool.stats().created() == 2);
    assertThat(old.closes).hasValue(1);
    assertThat(pool.stats().recycled(RecycleReason.MAX_AGE)).isEqualTo(1);
  }

  @Test
  void an_unusable_instance_past_its_age_is_recycled_as_unusable() throws Exception {
    InstancePool<Thing> pool = started(1, 1);
    Lease<Thing> lease = pool.checkout(LONG);
    pools.nanoTime.advance(MAX_AGE);
    pool.reap();
    lease.markUnusable(new IllegalStateException("trap"));
    lease.markUnusable(new IllegalStateException("again"));
    lease.close();

    assertThat(pool.stats().recycled(RecycleReason.UNUSABLE)).isEqualTo(1);
    assertThat(pool.stats().recycled(RecycleReason.MAX_AGE)).isZero();
  }

  @Test
  void without_an_age_limit_no_instance_is_replaced_for_age() {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1).maxAge(Duration.ZERO));
    pools.nanoTime.advance(Duration.ofDays(3650));
    pool.reap();

    assertThat(pool.stats().recycledTotal()).isZero();
  }

  @Test
  void instances_made_together_do_not_expire_together() {
    pools.use(pools.runtime().withJitter(new Random(7)));
    InstancePool<Thing> pool = started(8, 8);
    Set<Long> ends = new HashSet<>();
    for (Slot<Thing> slot : pool.rack().slots()) {
      long age = slot.expiresAt - pools.nanoTime.getAsLong();
      assertThat(Duration.ofNanos(age)).isBetween(MAX_AGE.multipliedBy(9).dividedBy(10), MAX_AGE);
      ends.add(age);
    }

    assertThat(ends).hasSize(8);
  }

  @Test
  void a_clock_that_stands_or_leaps_replaces_only_instances_that_are_due() throws Exception {
    InstancePool<Thing> pool = started(1, 4);
    grow(pool, 4);
    pool.reap();
    pool.reap();
    assertThat(pool.stats().live()).isEqualTo(4);
    Lease<Thing> lease = pool.checkout(LONG);
    pools.nanoTime.advance(Duration.ofDays(1));
    pool.reap();
    eventually().until(() -> pool.stats().retiring() == 0);

    assertThat(lease.get().closes).hasValue(0);
    assertThat(pool.stats().live()).isEqualTo(1);
    lease.close();
  }

  @Test
  void a_failed_reset_retires_the_instance_and_does_not_throw() throws Exception {
    InstancePool<Thing> pool = started(1, 1);
    allocator.onReset(ThingAllocator.fail(new StackOverflowError("scripted")));
    Thing dirty;
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      dirty = lease.get();
    }
    allocator.onReset(() -> {});
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(lease.get()).isNotSameAs(dirty);
    }

    assertThat(pool.stats().recycled(RecycleReason.ERROR)).isEqualTo(1);
    assertThat(pool.stats().allocatorErrors()).isEqualTo(1);
  }

  @Test
  void a_failed_close_is_counted_and_frees_the_slot() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1).maxUses(1));
    allocator.onClose(ThingAllocator.fail(new IOException("scripted")));
    for (int i = 0; i < 3; i++) {
      pool.checkout(LONG).close();
    }

    eventually().until(() -> pool.stats().allocatorErrors() == 3);
    eventually().until(() -> pool.stats().live() == 1);
  }

  @Test
  void a_slot_is_vacant_only_after_its_instance_is_closed() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1).maxUses(1));
    CountDownLatch entered = new CountDownLatch(1);
    Semaphore gate = new Semaphore(0);
    allocator.onClose(ThingAllocator.hang(entered, gate));
    pool.checkout(LONG).close();
    assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
    Callers.Call waiting = callers.queue(pool, Duration.ofDays(1));

    assertThat(allocator.attempts).hasValue(1);
    assertThat(pool.stats().retiring()).isEqualTo(1);
    gate.release(100);
    waiting.get().close();
  }

  @Test
  void the_reaper_runs_at_its_interval() throws Exception {
    pools.use(PoolRuntime.system());
    InstancePool<Thing> pool =
        pools.started(
            allocator,
            c ->
                c.bounds(1, 4)
                    .reapInterval(Duration.ofMillis(5))
                    .maxIdleTime(Duration.ofMillis(20)));
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      leases.add(pool.checkout(LONG));
    }
    leases.forEach(Lease::close);

    eventually().untilAsserted(() -> assertThat(pool.stats().live()).isEqualTo(1));
    assertThat(pool.stats().recycled(RecycleReason.IDLE)).isEqualTo(3);
  }
}
