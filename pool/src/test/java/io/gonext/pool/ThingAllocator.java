package io.gonext.pool;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An allocator that counts its calls, and fails or hangs when a test says so. */
final class ThingAllocator implements Allocator<Thing> {

  /** What a scripted call does instead of succeeding. */
  @FunctionalInterface
  interface Step {
    void run() throws Throwable;
  }

  final List<Thing> things = new CopyOnWriteArrayList<>();
  final AtomicInteger attempts = new AtomicInteger();
  final AtomicInteger closes = new AtomicInteger();
  private final Queue<Step> creations = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Step reset;
  private volatile @Nullable Step close;
  private volatile @Nullable Step weigh;
  private volatile long weight;

  /** The steps of the next creations, one each. */
  ThingAllocator onCreate(Step... steps) {
    creations.addAll(List.of(steps));
    return this;
  }

  ThingAllocator onReset(Step step) {
    reset = step;
    return this;
  }

  ThingAllocator onClose(Step step) {
    close = step;
    return this;
  }

  ThingAllocator onWeigh(Step step) {
    weigh = step;
    return this;
  }

  ThingAllocator weight(long bytes) {
    weight = bytes;
    return this;
  }

  static Step fail(Throwable failure) {
    return () -> {
      throw failure;
    };
  }

  static Step hang(CountDownLatch entered, Semaphore gate) {
    return () -> {
      entered.countDown();
      gate.acquire();
    };
  }

  long open() {
    return things.stream().filter(thing -> thing.closes.get() == 0).count();
  }

  @Override
  public Thing create() throws Exception {
    int id = attempts.incrementAndGet();
    run(creations.poll());
    Thing thing = new Thing(id, weight);
    things.add(thing);
    return thing;
  }

  @Override
  public void reset(Thing thing) throws Exception {
    run(reset);
    thing.resets.incrementAndGet();
  }

  @Override
  public void close(Thing thing) throws Exception {
    closes.incrementAndGet();
    thing.closes.incrementAndGet();
    if (thing.inUse()) {
      throw new AssertionError("thing " + thing.id + " is closed under its user");
    }
    run(close);
  }

  @Override
  public long weightBytes(Thing thing) {
    try {
      run(weigh);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    return thing.weight;
  }

  private static void run(@Nullable Step step) throws Exception {
    if (step == null) {
      return;
    }
    try {
      step.run();
    } catch (Exception | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
