package io.gonext.host.kv;

import io.gonext.host.failure.StoreException;
import io.gonext.host.kv.KeyValueAnswer.Done;
import io.gonext.host.kv.KeyValueAnswer.NotANumber;
import io.gonext.host.kv.KeyValueAnswer.NotFound;
import io.gonext.host.kv.KeyValueAnswer.OverQuota;
import io.gonext.host.kv.KeyValueAnswer.Unavailable;
import io.gonext.host.kv.KeyValueAnswer.Value;
import io.gonext.host.store.KeyValueQuota;
import io.gonext.host.store.KeyValueStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key-value entries of one plugin. An operation ends within its budget, or as soon as the
 * calling thread is interrupted, whatever the store does; one that has begun is finished by its own
 * thread then. At most one change of a plugin is with the store: the others would only wait for it
 * there, and hold the connections that other plugins need.
 *
 * <p>Thread-safe.
 */
public final class PluginKeyValues {
  private static final Logger log = LoggerFactory.getLogger(PluginKeyValues.class);

  private final String plugin;
  private final KeyValueStore store;
  private final KeyValueQuota quota;
  private final Executor threads;
  private final Duration budget;
  private final boolean dryRun;
  private final Semaphore changes = new Semaphore(1, true);

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

  /** The value of an entry. */
  public KeyValueAnswer get(String name) {
    return await(
        new Operation(
            () -> store.get(plugin, name).<KeyValueAnswer>map(Value::new).orElse(new NotFound()),
            () -> {}),
        System.nanoTime() + budget.toNanos());
  }

  /** Writes an entry. */
  public KeyValueAnswer set(String name, byte[] value) {
    return dryRun ? new Done() : change(() -> answer(store.set(plugin, name, value, quota)));
  }

  /** Deletes an entry. */
  public KeyValueAnswer delete(String name) {
    return dryRun ? new Done() : change(() -> answer(store.delete(plugin, name)));
  }

  /** Adds to a number. */
  public KeyValueAnswer increment(String name, long delta) {
    if (dryRun) {
      return new Value(Long.toString(delta).getBytes(StandardCharsets.US_ASCII));
    }
    return change(() -> {
      KeyValueStore.Increment made = store.increment(plugin, name, delta, quota);
      return made.outcome() == KeyValueStore.Outcome.DONE
          ? new Value(Long.toString(made.number()).getBytes(StandardCharsets.US_ASCII))
          : answer(made.outcome());
    });
  }

  private static KeyValueAnswer answer(KeyValueStore.Outcome outcome) {
    return switch (outcome) {
      case DONE -> new Done();
      case NOT_FOUND -> new NotFound();
      case OVER_QUOTA -> new OverQuota();
      case NOT_A_NUMBER -> new NotANumber();
    };
  }

  private KeyValueAnswer change(Supplier<KeyValueAnswer> work) {
    long deadline = System.nanoTime() + budget.toNanos();
    // Made before the turn is taken: nothing can fail between the two.
    Operation operation = new Operation(work, changes::release);
    try {
      if (!changes.tryAcquire(budget.toNanos(), TimeUnit.NANOSECONDS)) {
        return new Unavailable();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Unavailable();
    }
    return await(operation, deadline);
  }

  private KeyValueAnswer await(Operation operation, long deadline) {
    try {
      threads.execute(operation);
      return operation.answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      // The guest's deadline, most likely: the engine ends the guest once this has returned.
      Thread.currentThread().interrupt();
    } catch (TimeoutException | RejectedExecutionException e) {
      log.warn("the key-value entries of {} are not available in time", plugin);
    } catch (ExecutionException e) {
      log.warn("the key-value entries of {} are not available", plugin, e.getCause());
    } finally {
      // Also after an error, such as a thread that could not be made.
      operation.giveUp();
    }
    return new Unavailable();
  }

  /** Work for the store's threads. Whoever begins it or gives it up first ends its turn. */
  private static final class Operation implements Runnable {
    final CompletableFuture<KeyValueAnswer> answer = new CompletableFuture<>();
    private final AtomicBoolean taken = new AtomicBoolean();
    private final Supplier<KeyValueAnswer> work;
    private final Runnable endOfTurn;

    Operation(Supplier<KeyValueAnswer> work, Runnable endOfTurn) {
      this.work = work;
      this.endOfTurn = endOfTurn;
    }

    @Override
    public void run() {
      if (!taken.compareAndSet(false, true)) {
        return;
      }
      try {
        answer.complete(work.get());
      } catch (StoreException e) {
        log.warn("{}", e.getMessage());
        answer.complete(new Unavailable());
      } catch (RuntimeException | Error e) {
        answer.completeExceptionally(e);
      } finally {
        endOfTurn.run();
      }
    }

    void giveUp() {
      if (taken.compareAndSet(false, true)) {
        endOfTurn.run();
      }
    }
  }
}
