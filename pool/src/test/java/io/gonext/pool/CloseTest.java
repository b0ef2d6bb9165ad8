package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class CloseTest {

  private static final Duration LONG = Duration.ofSeconds(20);
  private static final Duration SHORT = Duration.ofMillis(20);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Callers callers = new Callers();
  private final ThingAllocator allocator = new ThingAllocator();

  @Test
  void close_fails_every_waiter_at_once() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    List<Callers.Call> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(callers.queue(pool, Duration.ofHours(1)));
    }

    CloseReport report = pool.close(SHORT);

    for (Callers.Call call : calls) {
      assertThatThrownBy(call::get).hasCauseInstanceOf(PoolClosedException.class);
    }
    assertThat(report.stragglers()).hasSize(1);
    assertThat(held.get().closes).hasValue(0);
    held.close();
    eventually().until(() -> pool.drain().isDone());
    assertThat(pool.stats().recycled(RecycleReason.CLOSE)).isEqualTo(1);
  }

  @Test
  void close_waits_for_leases_and_closes_everything() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(3, 3));
    Lease<Thing> held = pool.checkout(LONG);
    CompletableFuture<CloseReport> closing = CompletableFuture.supplyAsync(() -> pool.close(LONG));
    eventually().until(() -> allocator.open() == 1);
    assertThat(closing).isNotDone();
    assertThatThrownBy(() -> pool.checkout(LONG)).isInstanceOf(PoolClosedException.class);
    assertThatThrownBy(pool::tryCheckout).isInstanceOf(PoolClosedException.class);

    held.close();

    assertThat(closing)
        .succeedsWithin(LONG)
        .isEqualTo(new CloseReport(3, List.of()))
        .matches(CloseReport::complete);
    assertThat(allocator.things).allMatch(thing -> thing.closes.get() == 1);
  }

  @Test
  void a_second_close_changes_nothing_and_does_not_wait() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    pool.close(SHORT);

    assertThat(pool.close(Duration.ofDays(1)).stragglers()).hasSize(1);

    held.close();
    eventually().until(() -> pool.stats().live() + pool.stats().retiring() == 0);
    assertThat(pool.close(Duration.ofDays(1)).complete()).isTrue();
    pool.close();
    assertThat(allocator.closes).hasValue(1);
  }

  @Test
  void a_pool_that_was_never_started_closes_without_an_error() {
    InstancePool<Thing> pool = pools.unstarted(allocator, c -> c);

    assertThat(pool.close(LONG)).isEqualTo(new CloseReport(0, List.of()));
    assertThatThrownBy(pool::start).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_close_report_says_where_a_straggler_was_taken() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.leakTracking(true));
    Lease<Thing> held = pool.checkout(LONG);

    assertThat(pool.close(Duration.ZERO).stragglers())
        .singleElement()
        .asString()
        .contains("still leased", "lease taken by", "a_close_report_says_where");
    held.close();
  }

  @Test
  void an_interrupt_ends_the_wait_for_leases_and_is_kept() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);

    Thread.currentThread().interrupt();
    CloseReport report = pool.close(Duration.ofDays(1));

    assertThat(Thread.interrupted()).isTrue();
    assertThat(report.complete()).isFalse();
    held.close();
  }

  @Test
  void drain_refuses_new_callers_and_serves_the_waiters() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call waiting = callers.queue(pool, LONG);

    CompletableFuture<CloseReport> drained = pool.drain();

    assertThatThrownBy(() -> pool.checkout(LONG)).isInstanceOf(PoolClosedException.class);
    held.close();
    Lease<Thing> last = waiting.get();
    last.get().use();
    assertThat(drained).isNotDone();
    last.close();
    assertThat(drained).succeedsWithin(LONG).isEqualTo(new CloseReport(1, List.of()));
  }

  @Test
  void drain_creates_a_replacement_for_the_waiters() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call waiting = callers.queue(pool, LONG);
    CompletableFuture<CloseReport> drained = pool.drain();

    held.markUnusable(new IllegalStateException("trap"));
    held.close();

    waiting.get().close();
    assertThat(drained).succeedsWithin(LONG);
    assertThat(allocator.things).hasSize(2);
  }

  @Test
  void drain_ends_when_the_last_waiter_gives_up() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(0, 1));
    CountDownLatch entered = new CountDownLatch(1);
    Semaphore gate = new Semaphore(0);
    allocator.onCreate(ThingAllocator.hang(entered, gate));
    Callers.Call waiting = callers.queue(pool, LONG);
    entered.await();
    CompletableFuture<CloseReport> drained = pool.drain();
    waiting.thread().interrupt();
    assertThatThrownBy(waiting::get).hasCauseInstanceOf(InterruptedException.class);
    assertThat(drained).isNotDone();

    gate.release();

    assertThat(drained).succeedsWithin(LONG);
    assertThat(allocator.closes).hasValue(1);
  }

  @Test
  void close_after_drain_fails_the_last_waiters() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call waiting = callers.queue(pool, LONG);
    CompletableFuture<CloseReport> drained = pool.drain();

    pool.close(Duration.ZERO);

    assertThatThrownBy(waiting::get).hasCauseInstanceOf(PoolClosedException.class);
    held.close();
    assertThat(drained).succeedsWithin(LONG);
  }

  @Test
  void an_instance_created_after_the_close_is_closed() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(0, 1));
    CountDownLatch entered = new CountDownLatch(1);
    Semaphore gate = new Semaphore(0);
    allocator.onCreate(ThingAllocator.hang(entered, gate));
    Callers.Call waiting = callers.queue(pool, LONG);
    entered.await();
    CloseReport report = pool.close(SHORT);
    assertThat(report.stragglers()).singleElement().asString().contains("still being created");
    assertThatThrownBy(waiting::get).hasCauseInstanceOf(PoolClosedException.class);

    gate.release();

    assertThat(pool.drain()).succeedsWithin(LONG);
    assertThat(pool.stats().recycled(RecycleReason.CLOSE)).isEqualTo(1);
  }

  /**
   * The return began before the close and does not see it, so it makes its instance idle in a
   * closing pool. The reaper must retire it.
   */
  @Test
  void an_instance_in_return_when_the_pool_closes_is_closed() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    CountDownLatch resetting = new CountDownLatch(1);
    Semaphore gate = new Semaphore(0);
    allocator.onReset(ThingAllocator.hang(resetting, gate));
    Lease<Thing> held = pool.checkout(LONG);
    Thread returning = Thread.ofVirtual().start(held::close);
    resetting.await();
    assertThat(pool.close(SHORT).stragglers())
        .singleElement()
        .asString()
        .contains("still being returned");

    gate.release();

    assertThat(pool.drain()).succeedsWithin(LONG);
    returning.join();
  }

  @Test
  void resizing_a_closed_pool_does_nothing() {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    pool.close(LONG);
    pool.resize(4, 8);

    assertThat(allocator.things).hasSize(1);
    assertThat(pool.stats().maxInstances()).isEqualTo(1);
  }
}
