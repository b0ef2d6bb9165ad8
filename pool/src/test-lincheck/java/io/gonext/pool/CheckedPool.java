package io.gonext.pool;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A pool without threads of its own: creation and disposal run inside the calls, time stands still
 * and the reaper runs when called. So an interleaving is all that can differ between two runs.
 */
final class CheckedPool {

  final InstancePool<Object> pool;
  final AtomicInteger created = new AtomicInteger();
  final AtomicInteger closed = new AtomicInteger();

  /** The lease that each of Lincheck's threads holds; a thread uses its own entry only. */
  final @Nullable Lease<?>[] held = new Lease<?>[8];

  CheckedPool(int min, int max) {
    pool =
        new InstancePool<>(
            PoolConfig.defaults("lincheck").withBounds(min, max),
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
            PoolRuntime.system()
                .withTicker(() -> 0)
                .withWorkers(Runnable::run)
                .withJitter(() -> 0L)
                .withReapers(task -> Thread.ofPlatform().unstarted(() -> {})));
    pool.start();
  }

  String take(int thread) {
    if (held[thread] != null) {
      return "holds one";
    }
    try {
      held[thread] = pool.tryCheckout().orElse(null);
      return held[thread] == null ? "none" : "taken";
    } catch (PoolClosedException e) {
      return "closed";
    }
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

  /** The accounts, with nobody at work. */
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
