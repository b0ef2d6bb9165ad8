package io.gonext.pool;

import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A pool without threads of its own: creation and disposal run inside the calls, time stands still,
 * and the reaper runs when it is called. So two runs can differ only in their interleaving.
 */
final class CheckedPool {

  /** Shared, because each cleaner has a thread and the checker makes thousands of pools. */
  private static final Cleaner CLEANER = Cleaner.create();

  final InstancePool<Object> pool;
  final AtomicInteger created = new AtomicInteger();
  final AtomicInteger closed = new AtomicInteger();

  /** The lease that each of Lincheck's threads holds; a thread uses its own entry only. */
  final @Nullable Lease<?>[] held = new Lease<?>[8];

  /** Whether a call of {@link #drain} or {@link #close} has returned. */
  private volatile boolean drained;

  CheckedPool(int min, int max) {
    pool =
        new InstancePool<>(
            PoolConfig.builder("lincheck").bounds(min, max).build(),
            new Allocator<>() {
              @Override
              public Object create() {
                created.incrementAndGet();
                return new Object();
              }

              @Override
              public void close(Object instance) {
                closed.incrementAndGet();
              }
            },
            new PoolRuntime(
                () -> 0,
                Runnable::run,
                task -> Thread.ofPlatform().unstarted(() -> {}),
                CLEANER,
                new MemoryGovernor(Long.MAX_VALUE),
                () -> 0L));
    pool.start();
  }

  /**
   * Loads the JDK's formatting in advance, so that the checker does not report its long loops as
   * endless.
   */
  static void loadWhatMessagesNeed() {
    CheckedPool pool = new CheckedPool(1, 1);
    pool.queueUp(0);
    pool.queueUp(1);
    pool.close();
  }

  String take(int thread) {
    if (held[thread] != null) {
      return "holds one";
    }
    boolean mustBeRefused = drained;
    try {
      held[thread] = pool.tryCheckout().orElse(null);
    } catch (PoolClosedException e) {
      return "closed";
    }
    if (mustBeRefused) {
      throw new IllegalStateException("not refused after drain had returned");
    }
    return held[thread] == null ? "none" : "taken";
  }

  /** Joins the queue when no instance is idle, and leaves it at once unless it was served. */
  String queueUp(int thread) {
    if (held[thread] != null) {
      return "holds one";
    }
    boolean mustBeRefused = drained;
    try {
      held[thread] = pool.checkout(Duration.ZERO);
    } catch (CheckoutTimeoutException e) {
      return "none";
    } catch (PoolClosedException e) {
      return "closed";
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts", e);
    }
    if (mustBeRefused) {
      throw new IllegalStateException("not refused after drain had returned");
    }
    return "taken";
  }

  void close() {
    var _ = pool.close(Duration.ZERO);
    drained = true;
  }

  void drain() {
    var _ = pool.drain();
    drained = true;
  }

  String give(int thread, int times, boolean unusable) {
    Lease<?> lease = held[thread];
    if (lease == null) {
      return "holds none";
    }
    held[thread] = null;
    if (unusable) {
      lease.markUnusable(new IllegalStateException("scripted"));
    }
    for (int i = 0; i < times; i++) {
      lease.close();
    }
    return "given";
  }

  /** The counts while no operation runs. */
  void check() {
    PoolStats stats = pool.stats();
    int out = 0;
    for (Lease<?> lease : held) {
      out += lease == null ? 0 : 1;
    }
    boolean balanced =
        stats.created() == stats.live() + stats.recycledTotal()
            && stats.created() == created.get()
            && stats.live() == created.get() - closed.get()
            && stats.inUse() == out
            && stats.creating() == 0
            && stats.retiring() == 0
            && stats.waiting() == 0;
    if (!balanced) {
      throw new IllegalStateException(
          "out=%d created=%d closed=%d %s".formatted(out, created.get(), closed.get(), stats));
    }
  }
}
