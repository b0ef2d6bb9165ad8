package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CheckoutTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(20);

  @RegisterExtension final Pools pools = new Pools();
  private final ThingAllocator allocator = new ThingAllocator();

  @Test
  void start_creates_the_floor() {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(3, 5));

    assertThat(allocator.things).hasSize(3);
    assertThat(pool.stats().idle()).isEqualTo(3);
  }

  @Test
  void a_returned_instance_is_reset_and_handed_out_again() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Thing first;
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      first = lease.get();
      first.use();
    }
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(lease.get()).isSameAs(first);
      assertThat(first.resets).hasValue(1);
    }

    assertThat(pool.stats().checkouts()).isEqualTo(2);
  }

  @Test
  void try_checkout_takes_an_idle_instance_and_never_waits() {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> lease = pool.tryCheckout().orElseThrow();

    assertThat(pool.tryCheckout()).isEmpty();
    lease.close();
    pool.tryCheckout().orElseThrow().close();
  }

  @Test
  void a_caller_beyond_the_maximum_waits_until_a_return() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 2));
    Lease<Thing> first = pool.checkout(LONG);
    Lease<Thing> second = pool.checkout(LONG);
    CompletableFuture<Thing> third = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try (Lease<Thing> lease = pool.checkout(LONG)) {
                third.complete(lease.get());
              } catch (Throwable t) {
                third.completeExceptionally(t);
              }
            });
    eventually().until(() -> pool.stats().waiting() == 1);
    assertThat(third).isNotDone();

    Thing returned = second.get();
    second.close();

    assertThat(third).succeedsWithin(LONG).isSameAs(returned);
    thread.join();
    first.close();
    assertThat(allocator.things).hasSize(2);
  }

  @Test
  void a_timeout_message_has_the_pool_numbers_and_leaks_nothing() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThatThrownBy(() -> pool.checkout(SHORT))
          .isInstanceOf(CheckoutTimeoutException.class)
          .hasMessageContaining("live=1/1 idle=0 inUse=1")
          .hasMessageContaining("waiting=1 longestWait=");
      lease.get().use();
    }

    pool.checkout(Duration.ZERO).close();
    assertThat(pool.stats().checkoutErrors()).isEqualTo(1);
  }

  @Test
  void get_on_a_closed_lease_throws() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c);
    Lease<Thing> lease = pool.checkout(LONG);
    lease.close();

    assertThatThrownBy(lease::get).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_second_return_is_ignored_and_counted() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> stale = pool.checkout(LONG);
    stale.close();
    stale.close();
    try (Lease<Thing> current = pool.checkout(LONG)) {
      stale.close();
      stale.markUnusable(new IllegalStateException("too late"));

      current.get().use();
      assertThat(pool.tryCheckout()).isEmpty();
    }

    assertThat(pool.stats().doubleReturns()).isEqualTo(2);
    assertThat(pool.stats().recycledTotal()).isZero();
  }

  @Test
  void an_unusable_instance_is_retired_on_return() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Thing trapped;
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      trapped = lease.get();
      lease.markUnusable(new IllegalStateException("trap"));
    }
    try (Lease<Thing> lease = pool.checkout(LONG)) {
      assertThat(lease.get()).isNotSameAs(trapped);
    }

    assertThat(trapped.closes).hasValue(1);
    assertThat(trapped.resets).hasValue(0);
    assertThat(pool.stats().recycled(RecycleReason.UNUSABLE)).isEqualTo(1);
  }

  @Test
  void an_instance_is_replaced_after_its_last_use() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1).maxUses(3));
    for (int i = 0; i < 9; i++) {
      try (Lease<Thing> lease = pool.checkout(LONG)) {
        lease.get().use();
        assertThat(lease.get().uses).isEqualTo(i % 3 + 1);
      }
    }

    eventually().untilAsserted(() -> assertThat(allocator.things).hasSize(4));
    assertThat(pool.stats().recycled(RecycleReason.MAX_USES)).isEqualTo(3);
  }

  @Test
  void a_closed_pool_refuses_checkouts_and_reports_what_it_closed() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(2, 2));
    Lease<Thing> out = pool.checkout(LONG);
    CloseReport report = pool.close(SHORT);

    assertThat(report.complete()).isFalse();
    assertThat(report.stragglers()).singleElement().asString().contains("still leased");
    assertThatThrownBy(() -> pool.checkout(LONG)).isInstanceOf(PoolClosedException.class);
    out.get().use();
    out.close();
    eventually().untilAsserted(() -> assertThat(pool.close(LONG).complete()).isTrue());
    assertThat(pool.close(LONG).closed()).isEqualTo(2);
  }
}
