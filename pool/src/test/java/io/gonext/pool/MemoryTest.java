package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MemoryTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(20);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Callers callers = new Callers();
  @RegisterExtension final Logs logs = new Logs();
  private final ThingAllocator a = new ThingAllocator().weight(100);
  private final ThingAllocator b = new ThingAllocator().weight(100);
  private final MemoryGovernor governor = new MemoryGovernor(1_000);

  @BeforeEach
  void share() {
    pools.use(pools.fakeTime().withGovernor(governor));
  }

  private InstancePool<Thing> pool(ThingAllocator allocator, int min, int max) {
    return pools.started(allocator, c -> c.bounds(min, max).maxAge(Duration.ZERO));
  }

  private static void grow(InstancePool<Thing> pool, int size) throws Exception {
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      leases.add(pool.checkout(LONG));
    }
    leases.forEach(Lease::close);
  }

  @Test
  void the_default_budget_is_half_the_heap() {
    assertThat(MemoryGovernor.ofHalfTheHeap().budgetBytes())
        .isEqualTo(Runtime.getRuntime().maxMemory() / 2);
    assertThatThrownBy(() -> new MemoryGovernor(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void weights_are_read_again_on_return() throws Exception {
    InstancePool<Thing> pool = pool(a, 1, 1);
    assertThat(pool.stats().bytes()).isEqualTo(100);
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      lease.get().weight = 250;
    }
    assertThat(pool.stats().bytes()).isEqualTo(250);
    assertThat(governor.usedBytes()).isEqualTo(250);
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      lease.get().weight = 50;
    }

    assertThat(pool.stats().bytes()).isEqualTo(50);
    assertThat(governor.usedBytes()).isEqualTo(50);
  }

  @Test
  void an_instance_that_grew_to_the_limit_is_replaced_on_return() throws Exception {
    InstancePool<Thing> pool = pools.started(a, c -> c.bounds(1, 1).recycleAtBytes(200));
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      lease.get().weight = 199;
    }
    assertThat(pool.stats().recycledTotal()).isZero();
    Thing heavy;
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      heavy = lease.get();
      heavy.weight = 200;
    }

    eventually().until(() -> pool.stats().created() == 2);
    assertThat(heavy.closes).hasValue(1);
    assertThat(pool.stats().recycled(RecycleReason.MEMORY)).isEqualTo(1);
    eventually().until(() -> governor.usedBytes() == 100);
  }

  @Test
  void the_least_recently_used_instance_of_all_pools_is_evicted_first() throws Exception {
    InstancePool<Thing> first = pool(a, 0, 8);
    InstancePool<Thing> second = pool(b, 0, 8);
    grow(first, 5);
    grow(second, 5);
    assertThat(governor.usedBytes()).isEqualTo(1_000);
    first.reap();
    pools.nanoTime.advance(Duration.ofSeconds(1));
    second.reap();
    pools.nanoTime.advance(Duration.ofSeconds(1));

    ThingAllocator c = new ThingAllocator().weight(100);
    InstancePool<Thing> third = pool(c, 3, 3);

    assertThat(third.stats().live()).isEqualTo(3);
    assertThat(first.stats().recycled(RecycleReason.MEMORY)).isEqualTo(3);
    assertThat(second.stats().recycledTotal()).isZero();
    assertThat(governor.usedBytes()).isEqualTo(1_000);
  }

  @Test
  void eviction_spares_a_floor_while_another_pool_is_above_its_own() throws Exception {
    InstancePool<Thing> atFloor = pool(a, 5, 5);
    atFloor.reap();
    pools.nanoTime.advance(Duration.ofHours(1));
    InstancePool<Thing> surplus = pool(b, 1, 5);
    grow(surplus, 5);

    try (Lease<Thing> lease = surplus.checkout(LONG)) {
      lease.get().weight = 300;
    }

    assertThat(atFloor.stats().recycledTotal()).isZero();
    assertThat(surplus.stats().recycled(RecycleReason.MEMORY)).isPositive();
    eventually().until(() -> governor.usedBytes() <= 1_000);
  }

  @Test
  void a_waiter_breaks_a_floor_when_no_pool_is_above_its_own() throws Exception {
    InstancePool<Thing> atFloor = pool(a, 10, 10);
    InstancePool<Thing> other = pool(b, 1, 1);
    Lease<Thing> lease = other.checkout(LONG);
    Callers.Call waiting = callers.queue(other, Duration.ofDays(1));
    assertThat(governor.usedBytes()).isEqualTo(1_100);

    lease.markUnusable(new IllegalStateException("trap"));
    lease.close();

    waiting.get().close();
    assertThat(atFloor.stats().recycled(RecycleReason.MEMORY)).isEqualTo(1);
    assertThat(governor.usedBytes()).isEqualTo(1_000);
    eventually().until(() -> atFloor.stats().retiring() == 0);
    atFloor.maintain();
    assertThat(atFloor.stats().live()).isEqualTo(9);
  }

  @Test
  void a_pool_that_lost_an_instance_to_a_waiter_does_not_refill_the_room() throws Exception {
    AtomicBoolean watching = new AtomicBoolean();
    PoolRuntime system = pools.runtime();
    pools.use(
        system.withWorkers(task -> {
          Thread thread = Thread.ofPlatform().start(task);
          if (watching.get()) {
            // The disposal does its work before the evicting thread goes on.
            eventually()
                .until(() -> !thread.isAlive() || thread.getState() == Thread.State.WAITING);
          }
        }));
    InstancePool<Thing> atFloor = pool(a, 9, 9);
    pools.use(system);
    InstancePool<Thing> other = pool(b, 1, 2);
    Lease<Thing> lease = other.checkout(LONG);
    watching.set(true);

    other.checkout(LONG).close();

    lease.close();
    assertThat(atFloor.stats().recycled(RecycleReason.MEMORY)).isEqualTo(1);
    assertThat(governor.usedBytes()).isEqualTo(1_000);
  }

  @Test
  void a_replacement_takes_the_room_of_its_predecessor_without_an_eviction() throws Exception {
    InstancePool<Thing> idle = pool(a, 0, 9);
    grow(idle, 9);
    AtomicReference<Callers.@Nullable Call> toServe = new AtomicReference<>();
    pools.use(
        pools
            .runtime()
            .withWorkers(task -> {
              Thread.ofPlatform().start(task);
              Callers.Call waiting = toServe.getAndSet(null);
              if (waiting != null) {
                // The closing of the predecessor is in progress, and waits until the replacement
                // exists.
                eventually().until(waiting.lease()::isDone);
              }
            }));
    InstancePool<Thing> other = pool(b, 1, 1);
    Lease<Thing> lease = other.checkout(LONG);
    Callers.Call waiting = callers.queue(other, Duration.ofDays(1));
    lease.markUnusable(new IllegalStateException("trap"));
    toServe.set(waiting);

    lease.close();

    waiting.get().close();
    assertThat(idle.stats().recycledTotal()).isZero();
    assertThat(governor.usedBytes()).isEqualTo(1_000);
  }

  @Test
  void a_creation_over_budget_ends_with_its_callers_deadline() throws Exception {
    InstancePool<Thing> busy = pool(a, 0, 10);
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      leases.add(busy.checkout(LONG));
    }
    pools.use(PoolRuntime.system().withGovernor(governor));
    InstancePool<Thing> poor = pools.started(b, c -> c.bounds(0, 1));
    // The first creation of a pool reserves nothing, because its weight is unknown. The instance is
    // over budget and is evicted when it is idle.
    poor.checkout(LONG).close();
    eventually().until(() -> poor.stats().idle() == 1 || poor.stats().live() == 0);
    poor.reap();
    assertThat(governor.usedBytes()).isEqualTo(1_000);

    assertThatThrownBy(() -> poor.checkout(SHORT)).isInstanceOf(CheckoutTimeoutException.class);
    assertThat(poor.stats().creating()).isZero();
    Callers.Call waiting = callers.queue(poor, LONG);

    // No memory is freed here; an instance becomes idle, and the waiter must still be served.
    leases.removeLast().close();

    waiting.get().close();
    assertThat(busy.stats().recycled(RecycleReason.MEMORY)).isEqualTo(1);
    leases.forEach(Lease::close);
  }

  @Test
  void freed_memory_starts_the_creations_that_wait_for_budget() throws Exception {
    InstancePool<Thing> busy = pool(a, 0, 10);
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      leases.add(busy.checkout(LONG));
    }
    InstancePool<Thing> poor = pool(b, 0, 2);
    Lease<Thing> first = poor.checkout(LONG);
    Callers.Call waiting = callers.queue(poor, Duration.ofDays(1));
    assertThat(governor.usedBytes()).isEqualTo(1_100);

    for (int i = 0; i < 2; i++) {
      Lease<Thing> lease = leases.removeLast();
      lease.markUnusable(new IllegalStateException("trap"));
      lease.close();
    }

    waiting.get().close();
    first.close();
    leases.forEach(Lease::close);
  }

  @Test
  void an_instance_heavier_than_the_budget_is_admitted_when_it_is_alone() throws Exception {
    a.weight(5_000);
    InstancePool<Thing> huge = pool(a, 0, 2);
    for (int i = 0; i < 3; i++) {
      try (Lease<Thing> lease = huge.checkout(LONG)) {
        lease.get().use();
        assertThatThrownBy(() -> huge.checkout(Duration.ZERO))
            .isInstanceOf(CheckoutTimeoutException.class);
      }
    }
    assertThat(huge.stats().live()).isLessThanOrEqualTo(1);
  }

  @Test
  void pools_whose_floors_exceed_the_budget_do_not_evict_each_other_in_turn() throws Exception {
    InstancePool<Thing> one = pool(a, 6, 6);
    InstancePool<Thing> two = pool(b, 6, 6);
    one.maintain();
    two.maintain();
    eventually().until(() -> one.stats().creating() + two.stats().creating() == 0);

    assertThat(one.stats().created() + two.stats().created()).isEqualTo(12);
    assertThat(governor.usedBytes()).isEqualTo(1_200);
  }
}
