package io.gonext.pool;

import java.util.concurrent.locks.ReentrantLock;

/**
 * What the parts of a pool share: the lock, what the lock guards, and the slots.
 *
 * <p>{@link #lock} is a leaf: its holder does not wait, and calls neither the allocator nor the
 * {@link MemoryGovernor}.
 */
final class PoolState<T> {

  /** A pool's life, in order. */
  enum Phase {
    NEW,
    STARTING,
    RUNNING,
    DRAINING,
    CLOSED
  }

  /** Set in {@link #attention} from the moment the pool stops giving out leases. */
  private static final int CLOSING = 1 << 30;

  final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}. */
  final WaiterQueue<T> queue = new WaiterQueue<>();

  /** Guarded by {@link #lock}. */
  final Population population;

  final Rack<T> rack = new Rack<>();

  /** Written under {@link #lock}. */
  private volatile Phase phase = Phase.NEW;

  /**
   * The number of waiters, and {@link #CLOSING}. When it is zero, no caller needs a returned
   * instance now. Written under {@link #lock}.
   */
  private volatile int attention;

  private volatile PoolObserver observer = PoolObserver.NONE;

  PoolState(PoolConfig config) {
    this.population = new Population(config.minInstances(), config.maxInstances());
  }

  Phase phase() {
    return phase;
  }

  /** Call under {@link #lock}. */
  void enter(Phase next) {
    phase = next;
    updateAttention();
  }

  /** Whether new leases are refused. */
  boolean isClosing() {
    return attention >= CLOSING;
  }

  /** Whether callers wait, or new leases are refused. */
  boolean isAwaited() {
    return attention != 0;
  }

  boolean allowsCreation() {
    Phase now = phase;
    return now == Phase.RUNNING || now == Phase.DRAINING;
  }

  /** Call under {@link #lock} after the queue changed. */
  void updateAttention() {
    attention = queue.size() | (phase.compareTo(Phase.DRAINING) >= 0 ? CLOSING : 0);
  }

  int floor() {
    lock.lock();
    try {
      return population.min;
    } finally {
      lock.unlock();
    }
  }

  boolean isAboveFloor() {
    lock.lock();
    try {
      return population.live > population.min;
    } finally {
      lock.unlock();
    }
  }

  /** How many instances there are above the maximum; zero or less when there are none. */
  int surplus() {
    lock.lock();
    try {
      return population.live - population.max;
    } finally {
      lock.unlock();
    }
  }

  PoolObserver observer() {
    return observer;
  }

  /** Sends measured durations to {@code observer} from now on. */
  void observe(PoolObserver observer) {
    this.observer = observer;
  }
}
