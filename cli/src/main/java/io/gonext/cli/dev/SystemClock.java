package io.gonext.cli.dev;

import java.time.Duration;
import java.time.LocalTime;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The machine's own time. Thread-safe. */
final class SystemClock implements DevClock, AutoCloseable {
  private final ScheduledExecutorService timers =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gonext-timer").factory());

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public LocalTime timeOfDay() {
    return LocalTime.now(java.time.ZoneId.systemDefault());
  }

  @Override
  public Timer after(Duration delay, Runnable task) {
    Future<?> scheduled = timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> scheduled.cancel(false);
  }

  @Override
  public void close() {
    timers.shutdownNow();
  }
}
