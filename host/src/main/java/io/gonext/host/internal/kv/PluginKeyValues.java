package io.gonext.host.internal.kv;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoreException;
import io.gonext.host.internal.kv.KeyValueAnswer.Done;
import io.gonext.host.internal.kv.KeyValueAnswer.NotANumber;
import io.gonext.host.internal.kv.KeyValueAnswer.NotFound;
import io.gonext.host.internal.kv.KeyValueAnswer.OverQuota;
import io.gonext.host.internal.kv.KeyValueAnswer.Unavailable;
import io.gonext.host.internal.kv.KeyValueAnswer.Value;
import io.gonext.host.internal.store.KeyValueChange;
import io.gonext.host.internal.store.KeyValueStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key-value entries of one plugin. An operation ends within its budget, or as soon as the
 * calling thread is interrupted, whatever the store does; one that has begun is finished by its own
 * thread then, and one that has not is never begun.
 *
 * <p>One group of changes of a plugin is with the store at a time: the changes that come meanwhile
 * wait, in their order, and are the next group, which is one transaction. Each is answered once the
 * group is committed.
 *
 * <p>Thread-safe.
 */
public final class PluginKeyValues {
  private static final Logger log = LoggerFactory.getLogger(PluginKeyValues.class);

  /**
   * The most changes of one transaction, and, but for one change alone, the bytes of their values.
   */
  private static final int GROUP_CHANGES = 256;

  private static final long GROUP_BYTES = 4 * 1024 * 1024;

  /**
   * The most that a group waits for the callers of the group before it, who come back with their
   * next change, and the share of that group's time: two groups of half the size take longer.
   */
  private static final long MAX_GATHERING_NANOS = 1_000_000;

  private static final int GATHERING_SHARE = 2;

  /** The store is late once an operation has taken this share of its budget. */
  private static final int PATIENCE_SHARE = 4;

  /** How long a plugin's changes keep a thread before other operations have their turn at it. */
  private static final long TURN_NANOS = 10_000_000;

  private final String plugin;
  private final KeyValueStore store;
  private final KeyValueQuota quota;
  private final Executor threads;
  private final Duration budget;
  private final boolean dryRun;

  /** Set where the store has failed this thread; see {@link #hasFailed}. */
  private final ThreadLocal<Boolean> failed = new ThreadLocal<>();

  /** Guards the five fields below. */
  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when as many changes wait as are expected. */
  private final Condition gathered = lock.newCondition();

  /** Changes that were not begun yet. */
  private final Queue<PendingChange> waiting = new ArrayDeque<>();

  /** Whether a group is with the store, or is about to be: it sees to those that wait. */
  private boolean atWork;

  /** How many callers there were when the last group was made, and how long that took. */
  private int expected;

  private long lastGroupNanos;

  /**
   * @param dryRun whether changes are answered as if they were made, and are not
   */
  PluginKeyValues(
      String plugin,
      KeyValueStore store,
      KeyValueQuota quota,
      Executor threads,
      Duration budget,
      boolean dryRun) {
    this.plugin = plugin;
    this.store = store;
    this.quota = quota;
    this.threads = threads;
    this.budget = budget;
    this.dryRun = dryRun;
  }

  /** Forgets what {@link #hasFailed} says of the calling thread: a guest is called next. */
  public void forgetFailure() {
    failed.remove();
  }

  /**
   * Whether an operation of the calling thread has failed for the store's sake since {@link
   * #forgetFailure}: the store failed, it was late, or it was what kept a guest until its deadline.
   */
  public boolean hasFailed() {
    return failed.get() != null;
  }

  /** The value of an entry. */
  public KeyValueAnswer get(String name) {
    long deadline = System.nanoTime() + budget.toNanos();
    PendingRead read = new PendingRead(name);
    try {
      threads.execute(read);
      return await(read, deadline);
    } catch (RejectedExecutionException e) {
      return late();
    } finally {
      read.giveUp();
    }
  }

  /** Writes an entry. */
  public KeyValueAnswer set(String name, byte[] value) {
    return dryRun ? new Done() : change(new KeyValueChange.Set(name, value), value.length);
  }

  /** Deletes an entry. */
  public KeyValueAnswer delete(String name) {
    return dryRun ? new Done() : change(new KeyValueChange.Delete(name), 0);
  }

  /** Adds to a number. */
  public KeyValueAnswer increment(String name, long delta) {
    return dryRun ? number(delta) : change(new KeyValueChange.Increment(name, delta), 0);
  }

  private static KeyValueAnswer answer(KeyValueChange change, KeyValueStore.Result result) {
    return switch (result.outcome()) {
      case DONE ->
          change instanceof KeyValueChange.Increment ? number(result.number()) : new Done();
      case NOT_FOUND -> new NotFound();
      case OVER_QUOTA -> new OverQuota();
      case NOT_A_NUMBER -> new NotANumber();
    };
  }

  private static Value number(long number) {
    return new Value(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
  }

  private KeyValueAnswer change(KeyValueChange change, long bytes) {
    long deadline = System.nanoTime() + budget.toNanos();
    PendingChange pending = new PendingChange(change, bytes);
    try {
      if (add(pending)) {
        haveGroupsMade();
      }
      return await(pending, deadline);
    } finally {
      if (pending.giveUp()) {
        remove(pending);
      }
    }
  }

  /** Returns whether the caller is to see to the next group. */
  private boolean add(PendingChange pending) {
    lock.lock();
    try {
      waiting.add(pending);
      if (waiting.size() == expected) {
        gathered.signal();
      }
      boolean first = !atWork;
      atWork = true;
      return first;
    } finally {
      lock.unlock();
    }
  }

  private void remove(PendingChange pending) {
    lock.lock();
    try {
      waiting.remove(pending);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whoever has set {@link #atWork} calls this; where it cannot be done, nothing waits for ever.
   */
  private void haveGroupsMade() {
    boolean begun = false;
    try {
      threads.execute(this::makeGroups);
      begun = true;
    } catch (RejectedExecutionException e) {
      log.warn("the key-value entries of {} are not available in time", plugin);
    } finally {
      if (!begun) {
        giveUpAll();
      }
    }
  }

  /** How many changes have not begun yet. */
  int waiting() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  private void giveUpAll() {
    lock.lock();
    try {
      atWork = false;
      waiting.forEach(change -> change.answer.complete(new Unavailable()));
      waiting.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Makes groups for as long as changes come, and it is not the other plugins' turn. */
  private void makeGroups() {
    long begin = System.nanoTime();
    boolean seenTo = false;
    try {
      boolean more = true;
      while (more && System.nanoTime() - begin <= TURN_NANOS) {
        more = makeNextGroup();
      }
      seenTo = true;
      if (more) {
        haveGroupsMade();
      }
    } finally {
      if (!seenTo) {
        // An error, such as a heap that is full: nobody else would see to those that wait.
        giveUpAll();
      }
    }
  }

  /** Returns whether there may be another one to make; {@link #atWork} is false otherwise. */
  private boolean makeNextGroup() {
    List<PendingChange> group = List.of();
    long begin = 0;
    boolean more;
    try {
      group = nextGroup();
      begin = System.nanoTime();
      if (!group.isEmpty()) {
        make(group);
      }
    } finally {
      more = isAnotherExpected(group.size(), System.nanoTime() - begin);
    }
    return more;
  }

  private boolean isAnotherExpected(int made, long nanos) {
    lock.lock();
    try {
      expected = Math.min(made + waiting.size(), GROUP_CHANGES);
      lastGroupNanos = nanos;
      // One caller alone is no reason to wait for the next change.
      atWork = !waiting.isEmpty() || expected > 1;
      return atWork;
    } finally {
      lock.unlock();
    }
  }

  private List<PendingChange> nextGroup() {
    List<PendingChange> group = new ArrayList<>();
    long bytes = 0;
    lock.lock();
    try {
      gather();
      for (PendingChange next = waiting.peek(); next != null; next = waiting.peek()) {
        bytes += next.bytes;
        if (group.size() == GROUP_CHANGES || (!group.isEmpty() && bytes > GROUP_BYTES)) {
          break;
        }
        waiting.remove();
        if (next.begin()) {
          group.add(next);
        }
      }
    } finally {
      lock.unlock();
    }
    return group;
  }

  /** Waits a moment until as many changes wait as there were callers before. */
  private void gather() {
    long left = Math.min(lastGroupNanos / GATHERING_SHARE, MAX_GATHERING_NANOS);
    try {
      while (waiting.size() < expected && left > 0) {
        left = gathered.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      // Nobody interrupts these threads; whoever does has what there is made now.
      Thread.currentThread().interrupt();
    }
  }

  private void make(List<PendingChange> group) {
    try {
      List<KeyValueStore.Result> made =
          store.change(plugin, group.stream().map(pending -> pending.change).toList(), quota);
      for (int i = 0; i < made.size(); i++) {
        PendingChange pending = group.get(i);
        pending.answer.complete(answer(pending.change, made.get(i)));
      }
    } catch (StoreException e) {
      if (group.size() > 1 && !e.isMaybeChanged()) {
        makeOneByOne(group);
        return;
      }
      log.warn("{}", e.getMessage());
      group.forEach(pending -> pending.answer.complete(new Unavailable()));
    } catch (RuntimeException | Error e) {
      group.forEach(pending -> pending.answer.completeExceptionally(e));
    }
  }

  /**
   * Nothing of the group was made, and one of its changes may be the reason: the others must not
   * fail with it. A change that nobody waits for any more is left out, so that a store that is gone
   * costs no more time than the callers have.
   */
  private void makeOneByOne(List<PendingChange> group) {
    for (PendingChange pending : group) {
      if (pending.isAwaited()) {
        make(List.of(pending));
      }
    }
  }

  private KeyValueAnswer await(Pending pending, long deadline) {
    try {
      KeyValueAnswer answer =
          pending.answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      return answer instanceof Unavailable ? unavailable() : answer;
    } catch (InterruptedException e) {
      // The guest's deadline, most likely: the engine ends the guest once this has returned.
      Thread.currentThread().interrupt();
      // A moment in the store, at the end of what the guest has wasted, is not the store's fault.
      long waited = budget.toNanos() - (deadline - System.nanoTime());
      return waited < budget.toNanos() / PATIENCE_SHARE ? new Unavailable() : unavailable();
    } catch (TimeoutException e) {
      return late();
    } catch (ExecutionException e) {
      log.warn("the key-value entries of {} are not available", plugin, e.getCause());
      return unavailable();
    }
  }

  private KeyValueAnswer late() {
    log.warn("the key-value entries of {} are not available in time", plugin);
    return unavailable();
  }

  private KeyValueAnswer unavailable() {
    failed.set(true);
    return new Unavailable();
  }

  /** An operation that someone waits for; it is begun, or given up before that. */
  private abstract static class Pending {
    final CompletableFuture<KeyValueAnswer> answer = new CompletableFuture<>();
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile boolean awaited = true;

    /** False when nobody waits for it: then it must not be made. */
    final boolean begin() {
      return taken.compareAndSet(false, true);
    }

    /** Nobody waits from now on; true when it has not begun, and never will. */
    final boolean giveUp() {
      awaited = false;
      return taken.compareAndSet(false, true);
    }

    final boolean isAwaited() {
      return awaited;
    }
  }

  private static final class PendingChange extends Pending {
    final KeyValueChange change;

    /** Of the value. */
    final long bytes;

    PendingChange(KeyValueChange change, long bytes) {
      this.change = change;
      this.bytes = bytes;
    }
  }

  private final class PendingRead extends Pending implements Runnable {
    private final String name;

    PendingRead(String name) {
      this.name = name;
    }

    @Override
    public void run() {
      if (!begin()) {
        return;
      }
      try {
        answer.complete(
            store
                .get(plugin, name)
                .<KeyValueAnswer>map(Value::new)
                .orElseGet(() -> new NotFound()));
      } catch (StoreException e) {
        log.warn("{}", e.getMessage());
        answer.complete(new Unavailable());
      } catch (RuntimeException | Error e) {
        answer.completeExceptionally(e);
      }
    }
  }
}
