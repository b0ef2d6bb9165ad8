package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.WeakReference;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LeakTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Logs logs = new Logs();
  private final ThingAllocator allocator = new ThingAllocator();

  /** In a separate frame, so that no local variable keeps the lease. */
  private static void drop(InstancePool<Thing> pool) throws InterruptedException {
    pool.checkout(LONG).get().use();
  }

  private static void collectUntilReclaimed(InstancePool<Thing> pool, int leaks) {
    eventually()
        .until(() -> {
          System.gc();
          return pool.stats().recycled(RecycleReason.LEAK) == leaks;
        });
  }

  @Test
  void a_dropped_lease_is_logged_once_and_its_capacity_restored() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1).leakTracking(true));
    drop(pool);
    collectUntilReclaimed(pool, 1);

    pool.checkout(LONG).close();
    assertThat(allocator.things.getFirst().closes).hasValue(1);
    assertThat(logs.messages()).filteredOn(m -> m.contains("was dropped")).hasSize(1);
    assertThat(logs.traces()).anyMatch(trace -> trace.contains("LeakTest.drop"));
  }

  @Test
  void dropped_leases_of_one_slot_are_found_without_tracking_each_time() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    for (int leaks = 1; leaks <= 3; leaks++) {
      drop(pool);
      collectUntilReclaimed(pool, leaks);
    }

    pool.checkout(LONG).close();
    assertThat(logs.messages()).filteredOn(m -> m.contains("set leakTracking to learn")).hasSize(3);
  }

  @Test
  void a_closed_lease_that_is_kept_does_not_hide_the_leak_of_a_later_one() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> kept = pool.checkout(LONG);
    kept.close();
    drop(pool);

    collectUntilReclaimed(pool, 1);

    kept.close();
    assertThat(pool.stats().doubleReturns()).isEqualTo(1);
    assertThatThrownBy(kept::get).isInstanceOf(IllegalStateException.class);
    pool.checkout(LONG).close();
  }

  @Test
  void a_lease_in_use_is_not_a_leak() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      System.gc();
      System.gc();
      lease.get().use();
    }
    System.gc();

    assertThat(pool.stats().recycledTotal()).isZero();
  }

  @Test
  void a_lease_dropped_after_the_close_lets_the_pool_end() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    drop(pool);
    CloseReport report = pool.close(Duration.ofMillis(1));
    assertThat(report.complete()).isFalse();

    collectUntilReclaimed(pool, 1);
    assertThat(pool.drain()).succeedsWithin(LONG);
  }

  @Test
  void a_closed_pool_is_not_reachable_from_its_shared_runtime() {
    WeakReference<InstancePool<Thing>> closed = closedPool(pools.runtime());

    eventually()
        .until(() -> {
          System.gc();
          return closed.refersTo(null);
        });
  }

  private static WeakReference<InstancePool<Thing>> closedPool(PoolRuntime runtime) {
    InstancePool<Thing> pool =
        new InstancePool<>(PoolConfig.builder("gone").build(), new ThingAllocator(), runtime);
    pool.start();
    assertThat(pool.close(LONG).complete()).isTrue();
    return new WeakReference<>(pool);
  }
}
