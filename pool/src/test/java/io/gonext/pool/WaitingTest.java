package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WaitingTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @RegisterExtension final Pools pools = new Pools();
  @RegisterExtension final Callers callers = new Callers();
  private final ThingAllocator allocator = new ThingAllocator();

  @Test
  void waiters_are_served_first_come_first_served() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    List<Callers.Call> calls = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      calls.add(callers.queue(pool, LONG));
    }

    for (Callers.Call call : calls) {
      held.close();
      held = call.get();
      held.get().use();
      assertThat(calls.stream().filter(c -> c.lease().isDone()).count())
          .isEqualTo(calls.indexOf(call) + 1);
    }
    held.close();
    assertThat(pool.stats().checkouts()).isEqualTo(21);
  }

  @Test
  void a_newcomer_does_not_overtake_the_queue() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call waiting = callers.queue(pool, LONG);

    held.close();
    assertThat(pool.tryCheckout()).isEmpty();
    waiting.get().close();
    pool.tryCheckout().orElseThrow().close();
  }

  @Test
  void an_interrupt_ends_the_wait_and_loses_no_permit() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call first = callers.queue(pool, LONG);
    Callers.Call second = callers.queue(pool, LONG);
    Callers.Call third = callers.queue(pool, LONG);

    second.thread().interrupt();

    assertThatThrownBy(second::get)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(pool.stats().waiting()).isEqualTo(2);
    held.close();
    first.get().close();
    third.get().close();
    assertThat(pool.stats().checkoutErrors()).isEqualTo(1);
  }

  @Test
  void an_interrupt_before_the_wait_ends_the_wait_at_once() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> pool.checkout(LONG)).isInstanceOf(InterruptedException.class);

    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    held.close();
  }

  @Test
  void an_interrupted_caller_still_gets_an_idle_instance() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c);

    Thread.currentThread().interrupt();
    pool.checkout(LONG).close();

    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void a_caller_beyond_the_maximum_of_waiters_is_refused_at_once() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1).maxWaiters(2));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call first = callers.queue(pool, LONG);
    Callers.Call second = callers.queue(pool, LONG);

    assertThatThrownBy(() -> pool.checkout(LONG)).isInstanceOf(PoolSaturatedException.class);

    held.close();
    first.get().close();
    second.get().close();
    pool.checkout(LONG).close();
    assertThat(pool.stats().checkoutErrors()).isEqualTo(1);
  }

  @Test
  void a_timeout_of_zero_takes_only_an_idle_instance() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(Duration.ZERO);

    assertThatThrownBy(() -> pool.checkout(Duration.ZERO))
        .isInstanceOf(CheckoutTimeoutException.class);
    assertThatThrownBy(() -> pool.checkout(Duration.ofDays(-1)))
        .isInstanceOf(CheckoutTimeoutException.class);
    held.close();
  }

  @Test
  void the_longest_possible_timeout_does_not_overflow() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(Duration.ofSeconds(Long.MAX_VALUE));
    Callers.Call waiting = callers.queue(pool, Duration.ofSeconds(Long.MAX_VALUE));

    held.close();
    waiting.get().close();
  }

  @Test
  void a_negative_timeout_takes_only_an_idle_instance() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Duration spent = Duration.ofSeconds(-1);
    Lease<Thing> held = pool.checkout(spent);

    assertThatThrownBy(() -> pool.checkout(spent)).isInstanceOf(CheckoutTimeoutException.class);
    held.close();
    pool.checkout(spent).close();
    assertThat(pool.stats().checkouts()).isEqualTo(2);
  }

  @Test
  void longest_wait_is_the_wait_of_the_first_in_the_queue() throws Exception {
    pools.fakeTime();
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call first = callers.queue(pool, Duration.ofDays(1));
    pools.nanoTime.advance(Duration.ofSeconds(3));
    Callers.Call second = callers.queue(pool, Duration.ofDays(1));

    assertThat(pool.stats().longestWait()).isEqualTo(Duration.ofSeconds(3));
    held.close();
    first.get().close();
    second.get().close();
    assertThat(pool.stats().longestWait()).isZero();
  }

  /**
   * A return publishes its instance without a second check for waiters. Here the allocator's reset
   * holds the return before the publication while a caller joins. The return does not see the
   * caller, so the caller must watch the slot.
   */
  @Test
  void a_caller_who_joins_during_a_return_gets_the_returned_instance() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    CountDownLatch resetting = new CountDownLatch(1);
    Semaphore gate = new Semaphore(0);
    allocator.onReset(ThingAllocator.hang(resetting, gate));
    Lease<Thing> held = pool.checkout(LONG);
    Thread returning = Thread.ofVirtual().start(held::close);
    resetting.await();
    Callers.Call joined = callers.queue(pool, LONG);
    assertThatThrownBy(() -> pool.checkout(Duration.ofMillis(5)))
        .isInstanceOf(CheckoutTimeoutException.class);

    gate.release(2);

    joined.get().close();
    returning.join();
    assertThat(pool.stats().checkouts()).isEqualTo(2);
  }

  @Test
  void ten_thousand_virtual_threads_share_eight_instances() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 8));
    AtomicInteger served = new AtomicInteger();
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  go.await();
                  try (Lease<Thing> lease = pool.checkout(LONG)) {
                    lease.get().enter();
                    LockSupport.parkNanos(1);
                    lease.get().exit();
                    served.incrementAndGet();
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }));
    }
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(served).hasValue(10_000);
    assertThat(pool.stats().checkouts()).isEqualTo(10_000);
    assertThat(allocator.things).hasSizeLessThanOrEqualTo(8);
  }

  /** The test throws from the clock, because a waiter calls it. */
  @Test
  void an_exception_during_a_wait_takes_the_caller_out_of_the_queue() throws Exception {
    AtomicInteger readings = new AtomicInteger();
    pools.use(
        pools
            .runtime()
            .withNanoTime(() -> {
              if (Thread.currentThread().getName().equals("doomed")
                  && readings.incrementAndGet() == 2) {
                throw new StackOverflowError("scripted");
              }
              return System.nanoTime();
            }));
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    Callers.Call first = callers.queue(pool, LONG);
    CompletableFuture<Lease<Thing>> doomed = new CompletableFuture<>();
    Thread.ofPlatform()
        .name("doomed")
        .start(() -> {
          try {
            doomed.complete(pool.checkout(LONG));
          } catch (Throwable t) {
            doomed.completeExceptionally(t);
          }
        });
    assertThatThrownBy(() -> doomed.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(StackOverflowError.class);
    assertThat(pool.stats().waiting()).isEqualTo(1);
    Callers.Call second = callers.queue(pool, LONG);

    held.close();

    first.get().close();
    second.get().close();
  }

  @Test
  void callers_that_time_out_leave_an_empty_queue() throws Exception {
    InstancePool<Thing> pool = pools.started(allocator, c -> c.bounds(1, 1));
    Lease<Thing> held = pool.checkout(LONG);
    List<Callers.Call> calls = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      calls.add(callers.start(pool, Duration.ofMillis(50)));
    }
    for (Callers.Call call : calls) {
      assertThatThrownBy(call::get).hasCauseInstanceOf(CheckoutTimeoutException.class);
    }

    eventually().untilAsserted(() -> assertThat(pool.stats().waiting()).isZero());
    assertThat(pool.stats().checkoutErrors()).isEqualTo(2_000);
    held.close();
    pool.checkout(Duration.ZERO).close();
  }
}
