package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class ReaperTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Logs logs = new Logs();
  private final ThingAllocator allocator = new ThingAllocator();

  /** The test throws from the clock, because the reaper calls it on every pass. */
  @Test
  void the_reaper_survives_any_throwable_and_counts_it() throws Exception {
    AtomicInteger failures = new AtomicInteger(3);
    LongSupplier failing =
        () -> {
          boolean reaper = Thread.currentThread().getName().startsWith("gonext-pool-reaper");
          if (reaper && failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
            throw new StackOverflowError("scripted");
          }
          return System.nanoTime();
        };
    pools.use(pools.runtime().withNanoTime(failing));
    InstancePool<Thing> pool =
        pools.started(
            allocator,
            c ->
                c.bounds(1, 2)
                    .reapInterval(Duration.ofMillis(5))
                    .maxIdleTime(Duration.ofMillis(5)));
    List<Lease<Thing>> leases = new ArrayList<>();
    leases.add(pool.checkout(LONG));
    leases.add(pool.checkout(LONG));
    leases.forEach(Lease::close);

    eventually().untilAsserted(() -> assertThat(pool.stats().live()).isEqualTo(1));
    assertThat(pool.stats().reaperErrors()).isEqualTo(3);
    assertThat(logs.messages()).filteredOn(m -> m.contains("the reaper failed")).hasSize(3);
  }

  @Test
  void pools_of_one_runtime_share_a_thread_which_ends_with_the_last_of_them() throws Exception {
    List<Thread> threads = new CopyOnWriteArrayList<>();
    Reapers reapers =
        new Reapers(task -> {
          Thread thread = new Thread(task);
          threads.add(thread);
          return thread;
        });
    pools.use(pools.runtime().withReapers(reapers));
    List<InstancePool<Thing>> many = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      many.add(
          pools.started(
              new ThingAllocator(),
              c ->
                  c.bounds(0, 1)
                      .reapInterval(Duration.ofMillis(5))
                      .maxIdleTime(Duration.ofMillis(5))));
      many.getLast().checkout(LONG).close();
    }
    for (InstancePool<Thing> pool : many) {
      eventually().until(() -> pool.stats().recycled(RecycleReason.IDLE) == 1);
    }
    assertThat(threads).hasSize(1);
    many.forEach(pool -> pool.close(Duration.ZERO));
    threads.getFirst().join();
    InstancePool<Thing> next = pools.started(allocator, c -> c.bounds(0, 1));
    assertThat(threads).hasSize(2);
    next.close(Duration.ZERO);
    threads.getLast().join();
  }

  @Test
  void the_reaper_goes_on_after_an_allocator_fails_to_close() throws Exception {
    allocator.onClose(ThingAllocator.fail(new OutOfMemoryError("scripted")));
    InstancePool<Thing> pool =
        pools.started(
            allocator,
            c ->
                c.bounds(0, 2)
                    .reapInterval(Duration.ofMillis(5))
                    .maxIdleTime(Duration.ofMillis(5)));
    for (int i = 1; i <= 3; i++) {
      pool.checkout(LONG).close();
      eventually().until(() -> pool.stats().live() == 0);
    }

    eventually()
        .untilAsserted(() -> assertThat(pool.stats().allocatorErrors()).isGreaterThanOrEqualTo(3));
    assertThat(pool.stats().reaperErrors()).isZero();
  }

  @Test
  void an_overdue_lease_is_logged_once_with_where_it_was_taken() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool =
        pools.started(allocator, c -> c.leakTracking(true).leaseWarning(Duration.ofSeconds(60)));
    Lease<Thing> lease = pool.checkout(LONG);
    pool.reap();
    pools.nanoTime.advance(Duration.ofSeconds(60).minusNanos(1));
    pool.reap();
    assertThat(overdue()).isEmpty();
    pools.nanoTime.advance(Duration.ofNanos(1));
    pool.reap();
    pool.reap();
    assertThat(overdue()).hasSize(1);
    assertThat(logs.traces()).anyMatch(trace -> trace.contains("an_overdue_lease"));

    lease.close();
    try (Lease<Thing> next = pool.checkout(LONG)) {
      pools.nanoTime.advance(Duration.ofSeconds(1));
      pool.reap();
      next.get().use();
    }
    assertThat(overdue()).hasSize(1);
  }

  @Test
  void without_a_warning_limit_no_lease_is_logged_as_overdue() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.leaseWarning(Duration.ZERO));
    Lease<Thing> lease = pool.checkout(LONG);
    pool.reap();
    pools.nanoTime.advance(Duration.ofHours(10));
    pool.reap();

    assertThat(overdue()).isEmpty();
    lease.close();
  }

  private List<String> overdue() {
    return logs.messages().stream().filter(m -> m.contains("has been out")).toList();
  }
}
