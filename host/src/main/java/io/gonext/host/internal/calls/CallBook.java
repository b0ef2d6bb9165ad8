package io.gonext.host.internal.calls;

import io.gonext.host.ActivityPoint;
import io.gonext.host.NotedCall;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;
import org.HdrHistogram.Histogram;

/**
 * The calls of all plugins, by plugin, and those who follow what is recorded of them.
 *
 * <p>Thread-safe.
 */
public final class CallBook {
  /** The distance of two points of a history. */
  public static final Duration TICK = Duration.ofSeconds(5);

  /** How far a history reaches back. */
  public static final Duration HISTORY = Duration.ofMinutes(15);

  static final int POINTS = (int) HISTORY.dividedBy(TICK);

  private static final int TICKS_PER_MINUTE = (int) Duration.ofMinutes(1).dividedBy(TICK);

  private final LongSupplier nanoTime;
  private final InstantSource clock;

  /** Never removed, because handlers refer to them. */
  private final Map<String, PluginCalls> plugins = new ConcurrentHashMap<>();

  /** Guarded by this, as are the fields below. Whoever holds it may take a plugin's lock. */
  private final List<Consumer<NotedCall>> followers = new ArrayList<>();

  private long lastId;

  /** Of the thread that ends ticks. */
  private final Histogram scratch = RecentTimes.empty();

  private int ticks;

  private long tickBegan;

  public CallBook(LongSupplier nanoTime, InstantSource clock) {
    this.nanoTime = nanoTime;
    this.clock = clock;
    this.tickBegan = nanoTime.getAsLong();
  }

  /** The calls of one plugin; the same object for the same name. */
  public PluginCalls of(String plugin) {
    return plugins.computeIfAbsent(plugin, name -> new PluginCalls(name, this));
  }

  /** An empty histogram to which times can be added. Not thread-safe. */
  public static Histogram times() {
    return RecentTimes.empty();
  }

  long nanoTime() {
    return nanoTime.getAsLong();
  }

  Instant now() {
    return clock.instant();
  }

  synchronized void add(PluginCalls plugin, LongFunction<NotedCall> made) {
    lastId = Math.max(lastId + 1, ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant()));
    NotedCall call = made.apply(lastId);
    plugin.keep(call);
    followers.forEach(follower -> follower.accept(call));
  }

  /** The points of the last 15 minutes of a plugin, the oldest first. */
  public List<ActivityPoint> history(String plugin) {
    PluginCalls calls = plugins.get(plugin);
    return calls == null ? List.of() : calls.history();
  }

  /** How many calls of a plugin were worth recording and were left out. */
  public long leftOut(String plugin) {
    PluginCalls calls = plugins.get(plugin);
    return calls == null ? 0 : calls.leftOut();
  }

  /** The recorded calls that are kept, the oldest first. */
  public synchronized List<NotedCall> recent() {
    return inOrder(plugins.values());
  }

  /** The recorded calls of one plugin that are kept, the oldest first. */
  public synchronized List<NotedCall> recent(String plugin) {
    PluginCalls calls = plugins.get(plugin);
    return calls == null ? List.of() : inOrder(List.of(calls));
  }

  private static List<NotedCall> inOrder(Collection<PluginCalls> plugins) {
    return plugins.stream()
        .flatMap(plugin -> plugin.kept().stream())
        .sorted(Comparator.comparingLong(NotedCall::id))
        .toList();
  }

  /**
   * Passes the calls of {@link #recent()} to a follower, and then each that is recorded: in order,
   * and none twice.
   *
   * @param follower called by the threads that made the calls: it must not wait or throw
   * @return ends this
   */
  public synchronized Runnable follow(Consumer<NotedCall> follower) {
    recent().forEach(follower);
    followers.add(follower);
    return () -> unfollow(follower);
  }

  private synchronized void unfollow(Consumer<NotedCall> follower) {
    followers.remove(follower);
  }

  /** Drops what is kept of an uninstalled plugin. */
  public void forget(String plugin) {
    PluginCalls calls = plugins.get(plugin);
    if (calls != null) {
      calls.forget();
    }
  }

  /** What a tick needs to know of a plugin in service. */
  public record Serving(String plugin, PoolStats pool, Collection<NotedCall.Handler> handlers) {}

  /**
   * Ends a tick for the plugins in service. Called by one thread, every {@link #TICK} or a little
   * later.
   */
  public void endTick(Collection<Serving> serving) {
    long nanos = nanoTime.getAsLong();
    double seconds = Math.max(1, nanos - tickBegan) / 1e9;
    tickBegan = nanos;
    ticks++;
    boolean minuteEnds = ticks % TICKS_PER_MINUTE == 0;
    Instant now = now();
    for (Serving one : serving) {
      PluginCalls calls = of(one.plugin());
      calls.endTick(now, seconds, minuteEnds, scratch, one.pool());
      calls.dropOthers(one.handlers());
    }
  }
}
