package io.gonext.host.internal.jobs;

import io.gonext.host.StoreException;
import io.gonext.host.internal.jobs.Claims.Follow;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Result;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the results of jobs, and claims the next jobs in the same transaction. Results that come
 * while a transaction is under way share the next one, because a commit takes most of the time. One
 * of the threads that have a result writes for all of them, and the others wait.
 *
 * <p>Thread-safe.
 */
final class Results {
  /** Bounds how long one transaction takes. */
  private static final int MOST_AT_ONCE = 64;

  /** The part of a transaction's time for which results wait for others. */
  private static final int PART = 4;

  private final JobStore store;
  private final Claims claims;
  private final IntSupplier running;
  private final BooleanSupplier closing;
  private final LongSupplier nanoTime;

  private final Lock lock = new ReentrantLock();
  private final Condition added = lock.newCondition();

  /** Guarded by the lock, as are all fields below. */
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  /** Whether a thread writes. */
  private boolean writing;

  /** How many results the last transaction had. */
  private int lastSize;

  /** How long a transaction takes, about. */
  private long usualNanos;

  /**
   * @param running how many jobs this host runs, with those whose results are not written
   */
  Results(
      JobStore store,
      Claims claims,
      IntSupplier running,
      BooleanSupplier closing,
      LongSupplier nanoTime) {
    this.store = store;
    this.claims = claims;
    this.running = running;
    this.closing = closing;
    this.nanoTime = nanoTime;
  }

  /** A result that a thread waits for. Guarded by the lock. */
  private final class Waiting {
    private final Result result;
    private final boolean alone;
    private final Condition changed = lock.newCondition();

    /** Whether this thread writes the next transaction. */
    private boolean writes;

    /** Null until it was tried. */
    private @Nullable Boolean held;

    /** Null unless it was tried and failed. */
    private @Nullable RuntimeException failure;

    Waiting(Result result, boolean alone) {
      this.result = result;
      this.alone = alone;
    }

    boolean isTried() {
      return held != null || failure != null;
    }
  }

  /**
   * Writes a result.
   *
   * @param alone in a transaction of its own, because one with others has failed
   * @return false when the claim no longer holds; nothing is changed then
   * @throws StoreException when the store fails
   */
  boolean write(Result result, boolean alone) {
    lock.lock();
    try {
      Waiting mine = new Waiting(result, alone);
      waiting.addLast(mine);
      added.signal();
      if (!writing) {
        writing = true;
        mine.writes = true;
      }
      while (!mine.isTried()) {
        if (mine.writes) {
          writeNext(mine);
        } else {
          mine.changed.awaitUninterruptibly();
        }
      }
      if (mine.failure != null) {
        throw mine.failure;
      }
      return Boolean.TRUE.equals(mine.held);
    } finally {
      lock.unlock();
    }
  }

  private void writeNext(Waiting writer) {
    awaitOthers();
    List<Waiting> batch = batch();
    lock.unlock();
    List<Boolean> held = List.of();
    RuntimeException failure = null;
    long began = nanoTime.getAsLong();
    try {
      held = write(batch);
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      lock.lock();
      usualNanos += (nanoTime.getAsLong() - began - usualNanos) / 8;
      for (int i = 0; i < batch.size(); i++) {
        Waiting one = batch.get(i);
        if (failure == null && i < held.size()) {
          one.held = held.get(i);
        } else {
          one.failure =
              failure == null ? new IllegalStateException("the writer has failed") : failure;
        }
        one.changed.signal();
      }
      if (writer.isTried()) {
        writing = !waiting.isEmpty();
        if (writing) {
          waiting.getFirst().writes = true;
          waiting.getFirst().changed.signal();
        }
      }
    }
  }

  /** When results come one after the other, those that come soon share the transaction. */
  private void awaitOthers() {
    if (lastSize < 2) {
      return;
    }
    try {
      long patience = usualNanos / PART;
      while (patience > 0 && waiting.size() < running.getAsInt()) {
        patience = added.awaitNanos(patience);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private List<Waiting> batch() {
    List<Waiting> batch = new ArrayList<>();
    boolean alone = false;
    while (!waiting.isEmpty()
        && !alone
        && batch.size() < MOST_AT_ONCE
        && (batch.isEmpty() || !waiting.getFirst().alone)) {
      Waiting next = waiting.removeFirst();
      alone = next.alone;
      batch.add(next);
    }
    lastSize = batch.size();
    return batch;
  }

  private List<Boolean> write(List<Waiting> batch) {
    Lock claiming = claims.lockOnH2();
    if (claiming != null) {
      claiming.lock();
    }
    Follow follow =
        claims.follow(batch.stream().map(one -> one.result.claim().instance()).toList());
    boolean committed = false;
    try {
      List<Boolean> held =
          store.end(
              batch.stream().map(one -> one.result).toList(),
              transaction -> closing.getAsBoolean() || follow.claim(transaction));
      committed = true;
      return held;
    } finally {
      if (committed) {
        follow.committed();
      } else {
        follow.failed();
      }
      if (claiming != null) {
        claiming.unlock();
      }
    }
  }
}
