package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class WorkAheadTest {
  @Test
  void another_thread_does_work_that_has_begun() {
    try (WorkAhead<String> work =
        WorkAhead.begun("ahead", () -> Thread.currentThread().getName())) {
      assertThat(work.result()).isEqualTo("ahead");
    }
  }

  @Test
  void the_thread_that_asks_does_work_that_has_not_begun() {
    try (WorkAhead<Thread> work = WorkAhead.later(Thread::currentThread)) {
      assertThat(work.result()).isSameAs(Thread.currentThread());
    }
  }

  @Test
  void nobody_does_work_for_which_nobody_asks() {
    AtomicBoolean done = new AtomicBoolean();
    try (var _ = WorkAhead.later(() -> done.getAndSet(true))) {
      assertThat(done).isFalse();
    }
    assertThat(done).isFalse();
  }

  @Test
  void closing_interrupts_work_for_which_nobody_has_asked() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    try (var _ =
        WorkAhead.begun(
            "ahead",
            () -> {
              begun.countDown();
              try {
                return new CountDownLatch(1).await(20, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
              }
            })) {
      begun.await();
    }
    assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void the_caller_gets_what_the_work_has_thrown() {
    try (var work =
        WorkAhead.begun(
            "ahead",
            () -> {
              throw new StackOverflowError("deep");
            })) {
      assertThatThrownBy(work::result).isInstanceOf(StackOverflowError.class).hasMessage("deep");
    }
  }

  @Test
  void an_interrupt_ends_the_wait_and_stays_set() {
    CountDownLatch never = new CountDownLatch(1);
    try (var work = WorkAhead.begun("ahead", () -> never.await(20, TimeUnit.SECONDS))) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(work::result).isInstanceOf(IllegalStateException.class);
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
