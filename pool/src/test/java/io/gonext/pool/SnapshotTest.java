package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SnapshotTest {

  private static final Duration LONG = Duration.ofSeconds(60);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Callers callers = new Callers();
  private final ThingAllocator allocator = new ThingAllocator().weight(64);

  private static InstanceInfo only(InstancePool<Thing> pool) {
    List<InstanceInfo> instances = pool.snapshot().instances();
    assertThat(instances).hasSize(1);
    return instances.getFirst();
  }

  /** The population of a snapshot is read under one lock, so it agrees with the instances. */
  static void assertAgrees(PoolSnapshot snapshot) {
    PoolStats stats = snapshot.stats();
    assertThat(count(snapshot, InstanceInfo.State.IDLE)).isEqualTo(stats.idle());
    assertThat(count(snapshot, InstanceInfo.State.LEASED)).isEqualTo(stats.inUse());
    assertThat(count(snapshot, InstanceInfo.State.CREATING)).isEqualTo(stats.creating());
    assertThat(count(snapshot, InstanceInfo.State.RETIRING)).isEqualTo(stats.retiring());
    assertThat(snapshot.waits())
        .hasSize(Math.min(stats.waiting(), PoolSnapshot.MAX_WAITS))
        .allMatch(wait -> !wait.isNegative());
    assertThat(snapshot.instances())
        .allMatch(instance -> instance.uses() >= 0 && !instance.inState().isNegative());
  }

  private static long count(PoolSnapshot snapshot, InstanceInfo.State state) {
    return snapshot.instances().stream().filter(i -> i.state() == state).count();
  }

  @Test
  void an_idle_instance_shows_its_age_weight_and_uses() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    pools.nanoTime.advance(Duration.ofSeconds(5));
    for (int i = 0; i < 3; i++) {
      try (Lease<Thing> lease = pool.checkout(LONG)) {
        lease.get().use();
      }
    }

    assertThat(only(pool))
        .isEqualTo(
            new InstanceInfo(
                0, InstanceInfo.State.IDLE, Duration.ZERO, 3, Duration.ofSeconds(5), 64, null));
  }

  @Test
  void a_lease_is_timed_from_the_first_snapshot_that_sees_it() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(lease.get()).isNotNull();
      assertThat(only(pool).inState()).isZero();
      pools.nanoTime.advance(Duration.ofSeconds(3));

      assertThat(only(pool).state()).isEqualTo(InstanceInfo.State.LEASED);
      assertThat(only(pool).inState()).isEqualTo(Duration.ofSeconds(3));
      assertThat(only(pool).uses()).isEqualTo(1);
    }
    assertThat(only(pool).inState()).as("it is idle now").isZero();
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(lease.get()).isNotNull();
      assertThat(only(pool).inState()).as("another lease").isZero();
    }
  }

  @Test
  void a_successor_in_the_same_place_starts_from_zero() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    assertThat(only(pool).uses()).isZero();
    pools.nanoTime.advance(Duration.ofSeconds(3));
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      lease.markUnusable(new IllegalStateException("trap"));
      assertThat(only(pool).leaving()).isEqualTo(RecycleReason.UNUSABLE);
    }
    eventually().until(() -> pool.stats().idle() == 1);

    assertThat(only(pool))
        .isEqualTo(
            new InstanceInfo(
                0, InstanceInfo.State.IDLE, Duration.ZERO, 0, Duration.ZERO, 64, null));
  }

  @Test
  void creations_and_retirements_are_timed_exactly() throws Exception {
    pools.fakeTime();
    CountDownLatch creating = new CountDownLatch(1);
    Semaphore mayCreate = new Semaphore(0);
    CountDownLatch closing = new CountDownLatch(1);
    Semaphore mayClose = new Semaphore(0);
    allocator.onCreate(() -> {}, ThingAllocator.hang(creating, mayCreate));
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 2));
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(pool.tryCheckout()).isEmpty();
      creating.await();
      pools.nanoTime.advance(Duration.ofSeconds(2));
      assertThat(pool.snapshot().instances().get(1))
          .isEqualTo(
              new InstanceInfo(
                  1,
                  InstanceInfo.State.CREATING,
                  Duration.ofSeconds(2),
                  0,
                  Duration.ZERO,
                  0,
                  null));
      mayCreate.release();
      allocator.onClose(ThingAllocator.hang(closing, mayClose));
      lease.markUnusable(new IllegalStateException("trap"));
    }
    closing.await();
    pools.nanoTime.advance(Duration.ofSeconds(4));

    InstanceInfo retiring = pool.snapshot().instances().getFirst();
    assertThat(retiring.state()).isEqualTo(InstanceInfo.State.RETIRING);
    assertThat(retiring.inState()).isEqualTo(Duration.ofSeconds(4));
    mayClose.release(2);
  }

  @Test
  void the_waiting_line_is_listed_first_come_first() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Callers.Call first;
    Callers.Call second;
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(lease.get()).isNotNull();
      first = callers.queue(pool, LONG);
      pools.nanoTime.advance(Duration.ofSeconds(2));
      second = callers.queue(pool, LONG);
      pools.nanoTime.advance(Duration.ofSeconds(1));

      assertThat(pool.snapshot().waits())
          .containsExactly(Duration.ofSeconds(3), Duration.ofSeconds(1));
    }
    first.get().close();
    second.get().close();
  }

  @Test
  void a_listener_learns_of_waits_and_of_nothing_else() throws Exception {
    pools.fakeTime();
    List<Long> waits = new ArrayList<>();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    try (Lease<Thing> lease = pool.checkout(LONG, waits::add)) {
      assertThat(lease.get()).isNotNull();
      assertThat(waits).isEmpty();
      assertThatThrownBy(() -> pool.checkout(Duration.ZERO, waits::add))
          .isInstanceOf(CheckoutTimeoutException.class);
    }

    assertThat(waits).containsExactly(0L);
  }
}
