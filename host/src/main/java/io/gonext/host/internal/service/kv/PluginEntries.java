package io.gonext.host.internal.service.kv;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Done;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.Uninterrupted;
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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key-value entries of one plugin. Whatever the store does, a change ends within its budget, or
 * as soon as the calling thread is interrupted. If the change has begun by then, its own thread
 * finishes it. If not, it never begins. A read ends within its budget too, unless the disk of the
 * embedded database takes longer.
 *
 * <p>The store works on one group of a plugin's changes at a time. Changes that arrive meanwhile
 * wait in their order and become the next group. A group is one transaction, and its changes are
 * answered after the commit.
 *
 * <p>Thread-safe.
 */
final class PluginEntries {
  private static final Logger log = LoggerFactory.getLogger(PluginEntries.class);

  /** The store failed or was late; a change may or may not have been made. */
  static final HostAnswer UNAVAILABLE =
      new HostAnswer.Unavailable("its key-value entries were not available");

  /** The largest number of changes in one transaction. */
  private static final int GROUP_CHANGES = 256;

  /** The largest size of their values together; a single change may be larger. */
  private static final long GROUP_BYTES = 4 * 1024 * 1024;

  /**
   * How long a group waits at most for the callers of the last group, who come back with their next
   * change. Two groups of half the size would take longer.
   */
  private static final long MAX_GATHERING_NANOS = 1_000_000;

  /** It also waits no longer than this share of the last group's time. */
  private static final int GATHERING_SHARE = 2;

  /** The store is late once an operation has taken this share of its budget. */
  private static final int PATIENCE_SHARE = 4;

  /** How long one plugin's changes may occupy a thread before other operations get it. */
  private static final long TURN_NANOS = 10_000_000;

  private final String plugin;
  private final KeyValueStore store;
  private final KeyValueQuota quota;
  private final Executor threads;
  private final Duration budget;
  private final boolean dryRun;

  /** Guards the five fields below. */
  private final ReentrantLock lock = new ReentrantLock();

  /** Signalled when as many changes wait as are expected. */
  private final Condition gathered = lock.newCondition();

  /** Changes that have not begun. */
  private final Queue<PendingChange> waiting = new ArrayDeque<>();

  /** Whether a thread works on groups, or is about to: it takes the waiting changes too. */
  private boolean atWork;

  /** How many callers there were when the last group was made, and how long that took. */
  private int expected;

  private long lastGroupNanos;

  /**
   * @param dryRun whether changes are answered as if they had been made, without making them
   */
  PluginEntries(
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

  /** The value of an entry, read on the calling thread. */
  HostAnswer get(String name, Uninterrupted thread) {
    long began = System.nanoTime();
    if (Thread.currentThread().isInterrupted()) {
      return givenUp(0);
    }
    KeyValueStore.Read read = store.read(plugin, name);
    HostAnswer answer = thread.uninterrupted(budget, () -> cutOff(read), () -> value(read));
    return answer == null ? givenUp(System.nanoTime() - began) : answer;
  }

  /** Null if the read was cut off, or failed on an interrupted thread. */
  private static @Nullable HostAnswer value(KeyValueStore.Read read) {
    try {
      byte[] value = read.run();
      return value == null ? Refused.NOT_FOUND : new HostAnswer.Body(value);
    } catch (StoreException e) {
      if (read.isCutOff() || Thread.currentThread().isInterrupted()) {
        return null;
      }
      log.warn("{}", e.getMessage());
      return UNAVAILABLE;
    }
  }

  /** On a thread of its own, because closing a connection may take time. */
  private static void cutOff(KeyValueStore.Read read) {
    if (!read.isCutOff()) {
      Thread.ofVirtual().name("gonext-kv-cut-off").start(read::cutOff);
    }
  }

  /**
   * The answer to a call that ended before the store's.
   *
   * @param waited how long the call has waited for the store, in nanoseconds
   */
  private HostAnswer givenUp(long waited) {
    if (waited >= budget.toNanos()) {
      return late();
    }
    // If the guest spent its time before it called the store, the store is not to blame.
    return waited < budget.toNanos() / PATIENCE_SHARE ? Refused.INTERNAL : UNAVAILABLE;
  }

  /** Writes an entry. */
  HostAnswer set(String name, byte[] value) {
    return dryRun ? Done.DONE : change(new KeyValueChange.Set(name, value), value.length);
  }

  /** Writes an entry, unless there is one. */
  HostAnswer setIfAbsent(String name, byte[] value) {
    return dryRun ? Done.DONE : change(new KeyValueChange.SetIfAbsent(name, value), value.length);
  }

  /** Deletes an entry. */
  HostAnswer delete(String name) {
    return dryRun ? Done.DONE : change(new KeyValueChange.Delete(name), 0);
  }

  /** Adds to a number. */
  HostAnswer increment(String name, long delta) {
    return dryRun ? number(delta) : change(new KeyValueChange.Increment(name, delta), 0);
  }

  private static HostAnswer answer(KeyValueChange change, KeyValueStore.Result result) {
    return switch (result.outcome()) {
      case DONE -> change instanceof KeyValueChange.Increment ? number(result.number()) : Done.DONE;
      case NOT_FOUND -> Refused.NOT_FOUND;
      case EXISTS -> Refused.CONFLICT;
      case OVER_QUOTA -> Refused.QUOTA;
      case NOT_A_NUMBER -> Refused.BAD_ARGUMENTS;
    };
  }

  private static HostAnswer number(long number) {
    return new HostAnswer.Body(Long.toString(number).getBytes(StandardCharsets.US_ASCII));
  }

  private HostAnswer change(KeyValueChange change, long bytes) {
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

  /** Returns whether the caller must start the work on groups. */
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
   * Starts the work on groups, after {@link #atWork} was set. If that fails, all waiting changes
   * are given up, so that none waits for ever.
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
      waiting.forEach(change -> change.answer.complete(UNAVAILABLE));
      waiting.clear();
    } finally {
      lock.unlock();
    }
  }

  /** Makes groups while changes arrive, until it is the turn of other plugins. */
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
        // An error, such as a full heap: no other thread would take the waiting changes.
        giveUpAll();
      }
    }
  }

  /** Returns whether another group may follow; otherwise {@link #atWork} is false. */
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
      // Waiting for the next change of a single caller gains nothing.
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

  /** Waits a moment, until as many changes wait as the last group had. */
  private void gather() {
    long left = Math.min(lastGroupNanos / GATHERING_SHARE, MAX_GATHERING_NANOS);
    try {
      while (waiting.size() < expected && left > 0) {
        left = gathered.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      // Nobody interrupts these threads. If it happens, the waiting changes run now.
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
      group.forEach(pending -> pending.answer.complete(UNAVAILABLE));
    } catch (RuntimeException | Error e) {
      group.forEach(pending -> pending.answer.completeExceptionally(e));
    }
  }

  /**
   * No change of the group was made, and one of them may be the reason. The others must not fail
   * because of it. A change whose caller no longer waits is left out, so that a lost store costs
   * only the time that the callers have.
   */
  private void makeOneByOne(List<PendingChange> group) {
    for (PendingChange pending : group) {
      if (pending.isAwaited()) {
        make(List.of(pending));
      }
    }
  }

  private HostAnswer await(PendingChange pending, long deadline) {
    try {
      return pending.answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      // The guest's deadline, most likely: the engine ends the guest once this has returned.
      Thread.currentThread().interrupt();
      return givenUp(budget.toNanos() - (deadline - System.nanoTime()));
    } catch (TimeoutException e) {
      return late();
    } catch (ExecutionException e) {
      log.warn("the key-value entries of {} are not available", plugin, e.getCause());
      return UNAVAILABLE;
    }
  }

  private HostAnswer late() {
    log.warn("the key-value entries of {} are not available in time", plugin);
    return UNAVAILABLE;
  }

  /** A change that a caller waits for. It either begins or is given up, never both. */
  private static final class PendingChange {
    final KeyValueChange change;

    /** Size of the value. */
    final long bytes;

    final CompletableFuture<HostAnswer> answer = new CompletableFuture<>();
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile boolean awaited = true;

    PendingChange(KeyValueChange change, long bytes) {
      this.change = change;
      this.bytes = bytes;
    }

    /** Returns false if it was given up: then it must not run. */
    boolean begin() {
      return taken.compareAndSet(false, true);
    }

    /** Ends the caller's wait. Returns true if the change has not begun, and never will. */
    boolean giveUp() {
      awaited = false;
      return taken.compareAndSet(false, true);
    }

    boolean isAwaited() {
      return awaited;
    }
  }
}
