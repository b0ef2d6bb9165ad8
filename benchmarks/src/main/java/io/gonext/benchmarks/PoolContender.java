package io.gonext.benchmarks;

import com.zaxxer.hikari.util.ConcurrentBag;
import io.gonext.pool.Allocator;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolConfig;
import io.gonext.pool.PoolMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.commons.pool2.BasePooledObjectFactory;
import org.apache.commons.pool2.PooledObject;
import org.apache.commons.pool2.impl.DefaultPooledObject;
import org.apache.commons.pool2.impl.GenericObjectPool;
import org.apache.commons.pool2.impl.GenericObjectPoolConfig;
import org.jspecify.annotations.Nullable;
import stormpot.BasePoolable;
import stormpot.Expiration;
import stormpot.Pool;
import stormpot.PoolBuilder;
import stormpot.PoolTap;
import stormpot.Timeout;

/**
 * One pool of {@code size} objects behind the two measured steps, with the defaults of its library
 * if there are any. Ours counts uses against a limit that it does not reach, replaces objects by
 * age, has metrics and finds leaks. Stormpot does the same except for the counting. The others only
 * keep objects.
 *
 * @param <H> what its user holds between the two steps
 */
abstract class PoolContender<H> {

  static final String OURS = "gonext";

  /** Stormpot without expiration and leak detection. It is shown but not rated. */
  static final String BARE = "Stormpot bare";

  /** The pools to compare with, in the order of the table. */
  static final String[] OTHERS = {
    "ConcurrentBag", "Stormpot", "lock+LIFO", "ArrayBlockingQueue", "commons-pool2", BARE
  };

  /** How long a caller may wait before the run is given up. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * The pooled object. It is padded: objects this small may or may not share cache lines, which
   * depends on each contender's allocations.
   */
  @SuppressWarnings({"unused", "MultiVariableDeclaration"})
  abstract static class Padding {
    private long a00, a01, a02, a03, a04, a05, a06, a07;
    private long a08, a09, a10, a11, a12, a13, a14, a15;
  }

  @SuppressWarnings({"unused", "MultiVariableDeclaration"})
  static class Touched extends Padding {
    int value;
  }

  /** What is pooled. */
  @SuppressWarnings({"unused", "MultiVariableDeclaration"})
  static class Pooled extends Touched {
    private long z00, z01, z02, z03, z04, z05, z06, z07;
    private long z08, z09, z10, z11, z12, z13, z14, z15;
  }

  /** A contender by its name in the table. */
  static PoolContender<?> named(String name, int size) {
    return switch (name) {
      case OURS -> new Ours(size);
      case "ConcurrentBag" -> new Bag(size);
      case "Stormpot" -> new Stormpot(size, false);
      case BARE -> new Stormpot(size, true);
      case "lock+LIFO" -> new LockedLifo(size);
      case "ArrayBlockingQueue" -> new Queue(size);
      case "commons-pool2" -> new Commons(size);
      default -> throw new IllegalArgumentException("no contender is called " + name);
    };
  }

  abstract H take() throws Exception;

  abstract Pooled pooled(H held);

  abstract void give(H held) throws Exception;

  /** Takes an object, touches it and gives it back. */
  final int cycle() throws Exception {
    H held = take();
    int value = ++pooled(held).value;
    give(held);
    return value;
  }

  /** Ends the pool's threads. */
  abstract void shutDown() throws Exception;

  private static final class Ours extends PoolContender<Lease<Pooled>> {

    private final InstancePool<Pooled> pool;
    private final PoolMetrics metrics = new PoolMetrics("benchmark", "unusable");

    Ours(int size) {
      pool =
          new InstancePool<>(
              PoolConfig.builder("benchmark")
                  .bounds(size, size)
                  .maxWaiters(1_000_000)
                  .maxUses(1L << 40)
                  .build(),
              new Allocator<>() {
                @Override
                public Pooled create() {
                  return new Pooled();
                }
              });
      metrics.bindTo(new SimpleMeterRegistry());
      metrics.add(pool);
      pool.start();
    }

    @Override
    Lease<Pooled> take() throws InterruptedException {
      return pool.checkout(PATIENCE);
    }

    @Override
    Pooled pooled(Lease<Pooled> held) {
      return held.get();
    }

    @Override
    void give(Lease<Pooled> held) {
      held.close();
    }

    @Override
    void shutDown() {
      pool.close();
      metrics.close();
    }
  }

  private static final class Bag extends PoolContender<Bag.BagEntry> {

    /** As HikariCP's own entry keeps its state: in an int behind a field updater. */
    static final class BagEntry extends Pooled implements ConcurrentBag.IConcurrentBagEntry {

      private static final AtomicIntegerFieldUpdater<BagEntry> STATE =
          AtomicIntegerFieldUpdater.newUpdater(BagEntry.class, "state");

      private volatile int state;

      /** The state lies behind the padding of what is pooled, and needs its own. */
      @SuppressWarnings({"unused", "MultiVariableDeclaration"})
      private long b00, b01, b02, b03, b04, b05, b06, b07;

      @SuppressWarnings({"unused", "MultiVariableDeclaration"})
      private long b08, b09, b10, b11, b12, b13, b14, b15;

      @Override
      public boolean compareAndSet(int expectState, int newState) {
        return STATE.compareAndSet(this, expectState, newState);
      }

      @Override
      public void setState(int newState) {
        STATE.set(this, newState);
      }

      @Override
      public int getState() {
        return STATE.get(this);
      }
    }

    private final ConcurrentBag<BagEntry> bag = new ConcurrentBag<>(waiting -> {});

    Bag(int size) {
      for (int i = 0; i < size; i++) {
        bag.add(new BagEntry());
      }
    }

    @Override
    BagEntry take() throws Exception {
      BagEntry entry = bag.borrow(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return present(entry);
    }

    @Override
    Pooled pooled(BagEntry held) {
      return held;
    }

    @Override
    void give(BagEntry held) {
      bag.requite(held);
    }

    @Override
    void shutDown() {
      bag.close();
    }
  }

  private static final class Stormpot extends PoolContender<Stormpot.Claimed> {

    static final class Claimed extends BasePoolable {
      final Pooled pooled = new Pooled();

      Claimed(stormpot.Slot slot) {
        super(slot);
      }
    }

    private static final Timeout TIMEOUT = new Timeout(PATIENCE);

    private final Pool<Claimed> pool;
    private final PoolTap<Claimed> tap;

    Stormpot(int size, boolean bare) {
      PoolBuilder<Claimed> builder =
          Pool.fromThreaded(
                  new stormpot.Allocator<Claimed>() {
                    @Override
                    public Claimed allocate(stormpot.Slot slot) {
                      return new Claimed(slot);
                    }

                    @Override
                    public void deallocate(Claimed entry) {}
                  })
              .setSize(size);
      if (bare) {
        builder
            .setExpiration(Expiration.never())
            .setBackgroundExpirationEnabled(false)
            .setPreciseLeakDetectionEnabled(false);
      }
      pool = builder.build();
      tap =
          Thread.currentThread().isVirtual()
              ? pool.getVirtualThreadSafeTap()
              : pool.getThreadSafeTap();
    }

    @Override
    Claimed take() throws Exception {
      return present(tap.claim(TIMEOUT));
    }

    @Override
    Pooled pooled(Claimed held) {
      return held.pooled;
    }

    @Override
    void give(Claimed held) {
      held.release();
    }

    @Override
    void shutDown() throws Exception {
      pool.shutdown().await(TIMEOUT);
    }
  }

  /** The obvious design. */
  private static final class LockedLifo extends PoolContender<Pooled> {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition returned = lock.newCondition();
    private final ArrayDeque<Pooled> idle = new ArrayDeque<>();

    LockedLifo(int size) {
      for (int i = 0; i < size; i++) {
        idle.push(new Pooled());
      }
    }

    @Override
    Pooled take() throws Exception {
      lock.lock();
      try {
        long left = PATIENCE.toNanos();
        while (idle.isEmpty()) {
          if (left <= 0) {
            throw new IllegalStateException("no object became free");
          }
          left = returned.awaitNanos(left);
        }
        return idle.pop();
      } finally {
        lock.unlock();
      }
    }

    @Override
    Pooled pooled(Pooled held) {
      return held;
    }

    @Override
    void give(Pooled held) {
      lock.lock();
      try {
        idle.push(held);
        returned.signal();
      } finally {
        lock.unlock();
      }
    }

    @Override
    void shutDown() {}
  }

  private static final class Queue extends PoolContender<Pooled> {

    private final ArrayBlockingQueue<Pooled> idle;

    Queue(int size) {
      idle = new ArrayBlockingQueue<>(size);
      for (int i = 0; i < size; i++) {
        idle.add(new Pooled());
      }
    }

    @Override
    Pooled take() throws Exception {
      return present(idle.poll(PATIENCE.toNanos(), TimeUnit.NANOSECONDS));
    }

    @Override
    Pooled pooled(Pooled held) {
      return held;
    }

    @Override
    void give(Pooled held) {
      idle.add(held);
    }

    @Override
    void shutDown() {}
  }

  private static final class Commons extends PoolContender<Pooled> {

    private final GenericObjectPool<Pooled> pool;

    Commons(int size) {
      GenericObjectPoolConfig<Pooled> config = new GenericObjectPoolConfig<>();
      config.setMaxTotal(size);
      config.setMaxIdle(size);
      config.setMinIdle(size);
      config.setMaxWait(PATIENCE);
      config.setJmxEnabled(false);
      pool =
          new GenericObjectPool<>(
              new BasePooledObjectFactory<Pooled>() {
                @Override
                public Pooled create() {
                  return new Pooled();
                }

                @Override
                public PooledObject<Pooled> wrap(Pooled pooled) {
                  return new DefaultPooledObject<>(pooled);
                }
              },
              config);
    }

    @Override
    Pooled take() throws Exception {
      return pool.borrowObject();
    }

    @Override
    Pooled pooled(Pooled held) {
      return held;
    }

    @Override
    void give(Pooled held) {
      pool.returnObject(held);
    }

    @Override
    void shutDown() {
      pool.close();
    }
  }

  private static <T> T present(@Nullable T taken) {
    if (taken == null) {
      throw new IllegalStateException("no object became free");
    }
    return taken;
  }
}
