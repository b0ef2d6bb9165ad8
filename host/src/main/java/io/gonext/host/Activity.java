package io.gonext.host;

import io.gonext.host.HandlerActivity.BreakerState;
import io.gonext.host.HandlerActivity.CallTimes;
import io.gonext.host.internal.calls.CallBook;
import io.gonext.host.internal.calls.HandlerCalls;
import io.gonext.host.internal.calls.PluginCalls;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.manifest.Manifest;
import io.gonext.pool.MemoryGovernor;
import io.gonext.pool.PoolSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What plugins do on this host: how often and how long they are called, their instances, and the
 * calls that were slow, late or failed. All of it is in memory, in bounded space, and starts anew
 * when the host is opened.
 *
 * <p>Thread-safe.
 */
public final class Activity {
  private static final Logger log = LoggerFactory.getLogger(Activity.class);

  private final Lifecycle lifecycle;
  private final CallBook book;

  /** On a thread of its own, because others wait for the store, and numbers must not. */
  private final ScheduledExecutorService ticks =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gonext-activity").factory());

  Activity(Lifecycle lifecycle, CallBook book) {
    this.lifecycle = lifecycle;
    this.book = book;
  }

  /** Begins to record the history. */
  void start() {
    long tick = CallBook.TICK.toNanos();
    var _ = ticks.scheduleAtFixedRate(this::carefully, tick, tick, TimeUnit.NANOSECONDS);
  }

  void close() {
    ticks.shutdownNow();
  }

  private void carefully() {
    try {
      endTick();
    } catch (RuntimeException | Error e) {
      // The executor would call this no more.
      say(e);
    }
  }

  private static void say(Throwable failure) {
    try {
      log.warn("the history of plugins has a gap", failure);
    } catch (Throwable e) {
      // There is no memory left to say so.
    }
  }

  /** Ends an interval of the histories. */
  void endTick() {
    book.endTick(
        lifecycle.active().stream()
            .map(slot ->
                new CallBook.Serving(
                    slot.name(), slot.snapshot().stats(), declared(slot.manifest())))
            .toList());
  }

  /** All plugins in service, by name. */
  public List<PluginActivity> plugins() {
    return lifecycle.active().stream()
        .sorted(Comparator.comparing(PluginSlot::name))
        .map(this::activity)
        .toList();
  }

  /** One plugin; empty when it is not in service. */
  public Optional<PluginActivity> plugin(String name) {
    return lifecycle.active(name).map(this::activity);
  }

  /**
   * The last 15 minutes of a plugin, a point every 5 s, the oldest first. There are no points of
   * the time when the plugin was not in service.
   */
  public List<ActivityPoint> history(String plugin) {
    return book.history(plugin);
  }

  /**
   * The instances of a plugin's hooks and routes, and who waits for one, while it is in service.
   */
  public Optional<PoolSnapshot> instances(String plugin) {
    return lifecycle.active(plugin).map(PluginSlot::snapshot);
  }

  /** The instances in which a plugin runs its jobs, while it is in service and has jobs. */
  public Optional<PoolSnapshot> jobInstances(String plugin) {
    return lifecycle.active(plugin).flatMap(PluginSlot::jobSnapshot);
  }

  /** The memory of this host. */
  public HostMemory memory() {
    Runtime jvm = Runtime.getRuntime();
    MemoryGovernor governor = lifecycle.memory();
    return new HostMemory(
        jvm.totalMemory() - jvm.freeMemory(),
        jvm.maxMemory(),
        governor.usedBytes(),
        governor.budgetBytes());
  }

  /**
   * The last calls that were slow, late or failed, the oldest first: at most 50 of each plugin for
   * each of these reasons. Where there are many at once, some are left out; see {@link
   * PluginActivity#leftOut}. Calls that an open circuit breaker refused are never recorded.
   */
  public List<NotedCall> recentCalls() {
    return book.recent();
  }

  /** As {@link #recentCalls()}, of one plugin. */
  public List<NotedCall> recentCalls(String plugin) {
    return book.recent(plugin);
  }

  /**
   * How many calls of a plugin were slow, late or failed and were not recorded, because there were
   * too many at once.
   */
  public long leftOut(String plugin) {
    return book.leftOut(plugin);
  }

  /**
   * Passes the calls of {@link #recentCalls()} to a follower, and then each that is recorded: in
   * order, and none twice.
   *
   * @param follower called by the threads that made the calls; it must not wait or throw
   * @return removes the follower
   */
  public Runnable followCalls(Consumer<NotedCall> follower) {
    return book.follow(follower);
  }

  private PluginActivity activity(PluginSlot slot) {
    Manifest manifest = slot.manifest();
    PluginCalls calls = book.of(slot.name());
    Histogram all = CallBook.times();
    Histogram scratch = CallBook.times();
    List<HandlerActivity> handlers = new ArrayList<>();
    long ended = 0;
    long failed = 0;
    double perSecond = 0;
    BreakerState worst = BreakerState.CLOSED;
    for (NotedCall.Handler handler : declared(manifest)) {
      HandlerActivity one = activity(calls, handler, breaker(slot, handler), scratch);
      all.add(scratch);
      handlers.add(one);
      ended += one.calls();
      failed += one.failures();
      perSecond += one.callsPerSecond();
      worst = one.breaker().compareTo(worst) > 0 ? one.breaker() : worst;
    }
    return new PluginActivity(
        slot.name(),
        manifest.version().toString(),
        ended,
        failed,
        perSecond,
        times(all),
        worst,
        slot.poolStats(),
        handlers,
        calls.leftOut());
  }

  /**
   * @param times holds the times of the handler afterwards
   */
  private static HandlerActivity activity(
      PluginCalls calls, NotedCall.Handler handler, BreakerState breaker, Histogram times) {
    times.reset();
    HandlerCalls known = calls.known(handler);
    if (known == null) {
      return new HandlerActivity(handler, 0, 0, 0, Optional.empty(), breaker);
    }
    known.addTo(times);
    return new HandlerActivity(
        handler, known.calls(), known.failures(), known.perSecond(), times(times), breaker);
  }

  private static Optional<CallTimes> times(Histogram times) {
    return times.getTotalCount() == 0
        ? Optional.empty()
        : Optional.of(
            new CallTimes(
                Duration.ofNanos(times.getValueAtPercentile(50)),
                Duration.ofNanos(times.getValueAtPercentile(99)),
                Duration.ofNanos(times.getMaxValue())));
  }

  private static BreakerState breaker(PluginSlot slot, NotedCall.Handler handler) {
    return handler.kind() == NotedCall.Kind.JOB
        ? BreakerState.CLOSED
        : slot.breakerState(handler.name());
  }

  /** The handlers of a manifest. A hook with a filter and an action is one. */
  private static Set<NotedCall.Handler> declared(Manifest manifest) {
    Set<NotedCall.Handler> declared = new LinkedHashSet<>();
    manifest
        .filters()
        .forEach(hook -> declared.add(new NotedCall.Handler(NotedCall.Kind.HOOK, hook.name())));
    manifest
        .actions()
        .forEach(hook -> declared.add(new NotedCall.Handler(NotedCall.Kind.HOOK, hook.name())));
    manifest
        .routes()
        .forEach(
            route -> declared.add(new NotedCall.Handler(NotedCall.Kind.ROUTE, route.toString())));
    manifest
        .jobs()
        .forEach(job -> declared.add(new NotedCall.Handler(NotedCall.Kind.JOB, job.name())));
    return declared;
  }
}
