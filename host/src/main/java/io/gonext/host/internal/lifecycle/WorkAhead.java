package io.gonext.host.internal.lifecycle;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Work whose result is needed only if something else succeeds first. {@link #close} ends it where
 * nobody has asked for the result. For one thread.
 */
final class WorkAhead<T> implements AutoCloseable {
  private final FutureTask<T> task;
  private final boolean hasBegun;

  private WorkAhead(FutureTask<T> task, boolean hasBegun) {
    this.task = task;
    this.hasBegun = hasBegun;
  }

  /** Begins the work in a thread of its own. An interrupt must end it. */
  static <T> WorkAhead<T> begun(String thread, Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread.ofPlatform().daemon().name(thread).start(task);
    return new WorkAhead<>(task, true);
  }

  /** The thread that asks for the result does the work. */
  static <T> WorkAhead<T> later(Callable<T> work) {
    return new WorkAhead<>(new FutureTask<>(work), false);
  }

  /**
   * The result, or what the work has thrown.
   *
   * @throws IllegalStateException when the calling thread is interrupted; its flag stays set
   */
  T result() {
    if (!hasBegun) {
      task.run();
    }
    try {
      return task.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a bundle was checked", e);
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  @Override
  public void close() {
    task.cancel(true);
  }
}
