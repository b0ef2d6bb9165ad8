package io.gonext.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class WorkersTest {
  private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
  private final Workers workers = new Workers(this::thread);

  @Test
  @Timeout(20)
  void tasks_run_at_once_while_there_are_threads() throws InterruptedException {
    CountDownLatch all = new CountDownLatch(3);
    for (int i = 0; i < 3; i++) {
      workers.execute(() -> {
        all.countDown();
        awaitUninterrupted(all);
      });
    }
    assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  @Timeout(20)
  void without_threads_tasks_run_one_after_another() throws InterruptedException {
    left.set(0);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch all = new CountDownLatch(3);
    for (int i = 0; i < 3; i++) {
      workers.execute(() -> {
        most.accumulateAndGet(running.incrementAndGet(), Math::max);
        running.decrementAndGet();
        all.countDown();
      });
    }
    assertThat(all.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(most).hasValue(1);
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** As the JVM's own, which fails when it is started. */
  private Thread thread(Runnable task) {
    Thread thread =
        new Thread(task) {
          @Override
          public void start() {
            if (left.getAndDecrement() <= 0) {
              throw new OutOfMemoryError("unable to create native thread");
            }
            super.start();
          }
        };
    thread.setDaemon(true);
    return thread;
  }
}
