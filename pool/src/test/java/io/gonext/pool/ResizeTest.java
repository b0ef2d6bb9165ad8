package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ResizeTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Callers callers = new Callers();
  private final ThingAllocator allocator = new ThingAllocator();

  @Test
  void a_raised_maximum_serves_the_waiters() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call waiting = callers.queue(pool, LONG);

    pool.resize(1, 20);

    Lease<Thing> other = waiting.get();
    assertThat(other.get()).isNotSameAs(held.get());
    other.close();
    held.close();
  }

  @Test
  void a_raised_floor_is_filled_in_the_background() {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 2));
    pool.resize(16, 16);

    eventually().untilAsserted(() -> assertThat(pool.stats().idle()).isEqualTo(16));
  }

  @Test
  void a_lowered_maximum_retires_idle_instances_now_and_others_on_return() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(8, 8));
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      leases.add(pool.checkout(LONG));
    }

    pool.resize(1, 2);

    assertThat(pool.stats().live()).isEqualTo(5);
    pool.reap();
    assertThat(leases).allSatisfy(lease -> lease.get().use());
    leases.forEach(Lease::close);
    assertThat(pool.stats().live()).isEqualTo(2);
    assertThat(pool.stats().recycled(RecycleReason.IDLE)).isEqualTo(6);
    eventually().until(() -> pool.stats().retiring() == 0);
  }

  @Test
  void after_a_maximum_is_lowered_and_raised_all_slots_are_usable() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(4, 4));
    pool.resize(1, 1);
    eventually().until(() -> pool.stats().retiring() == 0);
    pool.resize(4, 4);
    eventually().until(() -> pool.stats().idle() == 4);
    List<Lease<Thing>> leases = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      leases.add(pool.checkout(LONG));
    }

    assertThat(pool.tryCheckout()).isEmpty();
    leases.forEach(Lease::close);
  }

  @Test
  void a_floor_above_the_maximum_is_refused() {
    InstancePool<Thing> pool = pools.started(allocator, c -> c);

    assertThatThrownBy(() -> pool.resize(3, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pool.resize(-1, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> pool.resize(0, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThat(pool.stats().maxInstances()).isEqualTo(8);
  }
}
