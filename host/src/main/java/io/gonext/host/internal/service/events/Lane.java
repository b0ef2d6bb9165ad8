package io.gonext.host.internal.service.events;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The events of one plugin on their way to one receiver: one after the other, in the order of their
 * arrival. A bounded number waits. A thread runs only while there are events.
 *
 * <p>Thread-safe.
 */
final class Lane {
  static final int MAX_WAITING = 1_024;
  static final int MAX_WAITING_BYTES = 4 * 1024 * 1024;

  private final Executor executor;
  private final Consumer<Emission> receiver;

  /** Guarded by this, as are the other two. */
  private final Queue<Emission> waiting = new ArrayDeque<>();

  private int waitingBytes;
  private boolean running;

  /**
   * @param receiver must not throw
   */
  Lane(Executor executor, Consumer<Emission> receiver) {
    this.executor = executor;
    this.receiver = receiver;
  }

  /** False when too many events wait, or the executor takes no more work. */
  boolean offer(Emission emission) {
    synchronized (this) {
      if (waiting.size() == MAX_WAITING || waitingBytes + emission.bytes() > MAX_WAITING_BYTES) {
        return false;
      }
      waiting.add(emission);
      waitingBytes += emission.bytes();
      if (running) {
        return true;
      }
      running = true;
    }
    try {
      executor.execute(this::run);
      return true;
    } catch (RejectedExecutionException e) {
      synchronized (this) {
        running = false;
      }
      return false;
    }
  }

  private void run() {
    for (Emission next = next(); next != null; next = next()) {
      try {
        receiver.accept(next);
      } catch (Throwable e) {
        // It reports its failures itself, unless memory is lacking even for that. Were this thread
        // to end here, no event would pass again.
      }
    }
  }

  private synchronized @Nullable Emission next() {
    Emission next = Thread.currentThread().isInterrupted() ? null : waiting.poll();
    if (next == null) {
      running = false;
    } else {
      waitingBytes -= next.bytes();
    }
    return next;
  }
}
