package io.gonext.host.internal.lifecycle;

import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.StoreChanges;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that follows the store. It applies the changes of other hosts, tries again what
 * failed, and deletes previous versions whose time is over. No failure ends it.
 *
 * <p>This thread itself revokes capabilities, at once. Plugins are compiled and started on other
 * threads, so that no change waits for a slow plugin.
 */
public final class StoreWatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StoreWatch.class);

  /**
   * The longest delay of a change without an announcement, and the interval at which faults are
   * checked.
   */
  private static final Duration POLL = Duration.ofSeconds(1);

  private static final Duration HOUSEKEEPING = Duration.ofHours(1);
  private static final int FOLLOWERS = 2;
  private static final Duration STOP = Duration.ofSeconds(5);

  private final PluginStore store;
  private final Lifecycle lifecycle;
  private final Duration poll;
  private final LongSupplier nanoTime;
  private final NodePresence presence;
  private final Runnable alsoFollowed;
  private final StoreChanges changes;
  private final NodeMetrics metrics;
  private final ExecutorService followers;
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);

  /** Rounds and looks at a plugin that failed; each is tried again. */
  private final Counter failures;

  /** Plugins that changed and wait for a follower. */
  private final Set<String> changed = ConcurrentHashMap.newKeySet();

  /** Plugins for which a follower is about to start. */
  private final Set<String> queued = ConcurrentHashMap.newKeySet();

  /**
   * Of {@link #thread} alone: whether the last round failed, and when versions were deleted last.
   */
  private boolean failing;

  private long lastHousekeeping;

  private StoreWatch(
      PluginStore store,
      Lifecycle lifecycle,
      MeterRegistry meters,
      Duration poll,
      NodePresence presence,
      Runnable alsoFollowed,
      LongSupplier nanoTime) {
    this.store = store;
    this.lifecycle = lifecycle;
    this.poll = poll;
    this.nanoTime = nanoTime;
    this.presence = presence;
    this.alsoFollowed = alsoFollowed;
    this.changes = store.changes();
    this.metrics = new NodeMetrics(meters, lifecycle::faults, nanoTime, InstantSource.system());
    this.failures =
        Counter.builder("gonext.store.watch.failures")
            .description("Looks at what other hosts changed that failed, each followed by another")
            .register(meters);
    this.followers =
        Executors.newFixedThreadPool(
            FOLLOWERS, Thread.ofPlatform().name("gonext-follow-", 0).daemon().factory());
    this.thread = Thread.ofPlatform().name("gonext-watch").daemon().unstarted(this::run);
    this.lastHousekeeping = nanoTime.getAsLong() - HOUSEKEEPING.toNanos();
  }

  /**
   * Follows the store once {@link #start} is called.
   *
   * @param presence tells the other hosts on the database how this one is
   * @param alsoFollowed looks for something else that other hosts change; called in each round
   */
  public static StoreWatch of(
      PluginStore store,
      Lifecycle lifecycle,
      MeterRegistry meters,
      NodePresence presence,
      Runnable alsoFollowed) {
    return new StoreWatch(store, lifecycle, meters, POLL, presence, alsoFollowed, System::nanoTime);
  }

  /**
   * As {@link #of}, already started.
   *
   * @param poll the longest delay of a change without an announcement
   */
  static StoreWatch start(
      PluginStore store,
      Lifecycle lifecycle,
      MeterRegistry meters,
      Duration poll,
      NodePresence presence,
      Runnable alsoFollowed) {
    StoreWatch watch =
        new StoreWatch(store, lifecycle, meters, poll, presence, alsoFollowed, System::nanoTime);
    watch.start();
    return watch;
  }

  /** Begins to follow the store. To be called once. */
  public void start() {
    thread.start();
  }

  private void run() {
    boolean ended = false;
    while (!ended) {
      try {
        ended = followUntilClosed();
      } catch (Throwable e) {
        // Without memory, even logging may fail. This thread must go on: without it, this host
        // would miss the changes of other hosts.
        failing = true;
        countQuietly();
      }
    }
  }

  /** A counter may need memory, too. */
  private void countQuietly() {
    try {
      failures.increment();
    } catch (Throwable e) {
      failing = true;
    }
  }

  private boolean followUntilClosed() {
    while (closed.getCount() > 0) {
      try {
        round();
        changes.await(poll);
        if (failing) {
          log.info("the store can be followed again");
        }
        failing = false;
      } catch (InterruptedException e) {
        return true;
      } catch (Throwable e) {
        boolean known = failing;
        failing = true;
        failures.increment();
        if (closed.getCount() > 0 && !known) {
          log.warn("the store cannot be followed, what is loaded is kept: {}", e.toString());
        }
        if (pause()) {
          return true;
        }
      }
    }
    return true;
  }

  /**
   * Whether the thread that follows the store runs, or was not started yet. It runs until this is
   * closed.
   */
  public boolean isAlive() {
    return thread.isAlive() || thread.getState() == Thread.State.NEW;
  }

  private boolean pause() {
    try {
      return closed.await(POLL.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return true;
    }
  }

  private void round() {
    // First, so that a store that fails does not keep a revoked key in force.
    lifecycle.followTrust();
    store.probe();
    Set<String> found = changes.take();
    if (!found.isEmpty()) {
      metrics.changed(store.list());
    }
    if (store.isShared()) {
      alsoFollowed.run();
      found.forEach(metrics::mustFollow);
      changed.addAll(found);
      for (String plugin : List.copyOf(changed)) {
        lifecycle.refresh(plugin);
        changed.remove(plugin);
        follow(plugin);
      }
    }
    lifecycle.dueFaults().forEach(this::follow);
    metrics.looked();
    if (store.isShared()) {
      presence.beat(metrics.lag());
    }
    if (nanoTime.getAsLong() - lastHousekeeping >= HOUSEKEEPING.toNanos()
        && lifecycle.forgetExpired()) {
      lastHousekeeping = nanoTime.getAsLong();
    }
  }

  private void follow(String plugin) {
    if (queued.add(plugin)) {
      boolean accepted = false;
      try {
        followers.execute(() -> reconcile(plugin));
        accepted = true;
      } finally {
        if (!accepted) {
          // There is no thread for it now. Were it left here, nobody would look at it again.
          queued.remove(plugin);
          changed.add(plugin);
        }
      }
    }
  }

  private void reconcile(String plugin) {
    // Before the read: a change after this line queues the plugin again.
    queued.remove(plugin);
    try {
      if (lifecycle.reconcile(plugin)) {
        metrics.followed(plugin);
      } else {
        changed.add(plugin);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      // The failure could not be recorded, so look at the plugin again.
      changed.add(plugin);
      countQuietly();
      throw e;
    }
  }

  /** Stops following the store, after the running changes have ended, within some seconds. */
  @Override
  public void close() {
    closed.countDown();
    changes.close();
    thread.interrupt();
    followers.shutdownNow();
    try {
      var _ = followers.awaitTermination(STOP.toNanos(), TimeUnit.NANOSECONDS);
      // One that was never started cannot be joined.
      var _ = !thread.isAlive() || thread.join(STOP);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (store.isShared()) {
      presence.leave();
    }
    metrics.close();
  }
}
