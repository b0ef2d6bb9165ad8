package io.gonext.host.internal.jobs;

import io.gonext.host.StoreException;
import io.gonext.host.internal.jobs.Claims.Follow;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Result;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the results of jobs, and claims the next jobs in the same transaction. Results that come
 * while another transaction is under way share the next one: a commit is what takes most of the
 * time. The thread that comes first writes for the others, which wait.
 *
 * <p>Thread-safe.
 */
final class Results {
  /** Bounds how long one transaction takes. */
  private static final int MOST_AT_ONCE = 64;

  private final JobStore store;
  private final Claims claims;
  private final BooleanSupplier closing;

  /** Held while a transaction is under way. */
  private final Lock writing = new ReentrantLock();

  /** Guarded by itself. */
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  Results(JobStore store, Claims claims, BooleanSupplier closing) {
    this.store = store;
    this.claims = claims;
    this.closing = closing;
  }

  /** A result that a thread waits for. */
  private static final class Waiting {
    private final Result result;
    private final boolean alone;

    /** What came of it; null until it was tried. Guarded by {@link #writing}. */
    private @Nullable Boolean held;

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
    Waiting mine = new Waiting(result, alone);
    synchronized (waiting) {
      waiting.addLast(mine);
    }
    writing.lock();
    try {
      while (!mine.isTried()) {
        writeNext();
      }
    } finally {
      writing.unlock();
    }
    if (mine.failure != null) {
      throw mine.failure;
    }
    return Boolean.TRUE.equals(mine.held);
  }

  private void writeNext() {
    List<Waiting> batch = new ArrayList<>();
    synchronized (waiting) {
      boolean alone = false;
      while (!waiting.isEmpty()
          && !alone
          && batch.size() < MOST_AT_ONCE
          && (batch.isEmpty() || !waiting.getFirst().alone)) {
        Waiting next = waiting.removeFirst();
        alone = next.alone;
        batch.add(next);
      }
    }
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
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).held = held.get(i);
      }
    } catch (RuntimeException e) {
      batch.forEach(one -> one.failure = e);
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
