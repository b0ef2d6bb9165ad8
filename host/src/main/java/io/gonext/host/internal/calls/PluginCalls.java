package io.gonext.host.internal.calls;

import io.gonext.engine.PlainText;
import io.gonext.host.ActivityPoint;
import io.gonext.host.NotedCall;
import io.gonext.host.hook.TurnFailure;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one plugin: its handlers, a history of their sums, and the last calls that were
 * slow, late or failed.
 *
 * <p>Thread-safe.
 */
public final class PluginCalls {
  /** Calls that are kept for each reason. */
  static final int KEPT = 50;

  /** Characters of all kept calls together, because a plugin may have long names and reasons. */
  static final int KEPT_CHARS = 64 * 1024;

  /** Calls for one reason that may be recorded at once, and afterwards one in each interval. */
  private static final int AT_ONCE = 20;

  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** Handlers of earlier versions that are kept. */
  private static final int SPARE_HANDLERS = 500;

  private static final int REASON_CHARS = 1_000;
  private static final int NAME_CHARS = 256;
  private static final int FRAMES = 64;

  private final String plugin;
  private final CallBook book;
  private final Map<NotedCall.Handler, HandlerCalls> handlers = new ConcurrentHashMap<>();
  private final Map<NotedCall.Why, Allowance> allowances = new EnumMap<>(NotedCall.Why.class);
  private final LongAdder leftOut = new LongAdder();

  /** Guarded by this, as are the fields below. */
  private final Map<NotedCall.Why, Deque<NotedCall>> kept = new EnumMap<>(NotedCall.Why.class);

  private long chars;

  /** Empty until the first tick in which the plugin serves. */
  private final Deque<ActivityPoint> history = new ArrayDeque<>();

  private long callsBefore;
  private long failuresBefore;

  PluginCalls(String plugin, CallBook book) {
    this.plugin = plugin;
    this.book = book;
    for (NotedCall.Why why : NotedCall.Why.values()) {
      allowances.put(why, new Allowance(AT_ONCE, INTERVAL_NANOS, book.nanoTime()));
      kept.put(why, new ArrayDeque<>());
    }
  }

  /** The calls of one handler; the same object for the same handler. */
  public HandlerCalls of(NotedCall.Handler handler) {
    return handlers.computeIfAbsent(handler, HandlerCalls::new);
  }

  /** The calls of a handler that has been called or registered; null otherwise. */
  public @Nullable HandlerCalls known(NotedCall.Handler handler) {
    return handlers.get(handler);
  }

  Collection<HandlerCalls> handlers() {
    return handlers.values();
  }

  /**
   * Whether a call may be recorded now: a plugin that fails all the time must not cost the host
   * more than its failures do, nor push out what others did. What is refused is counted.
   */
  public boolean takes(NotedCall.Why why) {
    Allowance allowance = allowances.get(why);
    boolean taken = allowance != null && allowance.take(book.nanoTime());
    if (!taken) {
      leftOut.increment();
    }
    return taken;
  }

  /** Records a call of a handler that has just ended. */
  public void record(NotedCall.Handler handler, EndedCall call) {
    book.add(this, id -> recorded(id, handler, call));
  }

  private NotedCall recorded(long id, NotedCall.Handler handler, EndedCall call) {
    EndedCall.Times times = call.times();
    return new NotedCall(
        id,
        book.now().minusNanos(times.took()),
        plugin,
        call.version(),
        handler,
        call.why(),
        call.outcome(),
        PlainText.of(call.reason(), REASON_CHARS),
        Duration.ofNanos(times.took()),
        Duration.ofNanos(times.queued()),
        Duration.ofNanos(times.guest()),
        Duration.ofNanos(times.host()),
        Duration.ofNanos(times.waited()),
        times.fuel(),
        call.traceId(),
        call.recording(),
        call.backtrace().stream().limit(FRAMES).map(PluginCalls::bounded).toList());
  }

  private static TurnFailure.Frame bounded(TurnFailure.Frame frame) {
    String source = frame.source();
    return new TurnFailure.Frame(
        PlainText.of(frame.function(), NAME_CHARS),
        frame.codeOffset(),
        source == null ? null : PlainText.of(source, NAME_CHARS));
  }

  /** Called under the book's lock. */
  synchronized void keep(NotedCall call) {
    Deque<NotedCall> ofItsKind = kept.get(call.why());
    if (ofItsKind == null) {
      return;
    }
    ofItsKind.addLast(call);
    chars += chars(call);
    if (ofItsKind.size() > KEPT) {
      chars -= chars(ofItsKind.removeFirst());
    }
    while (chars > KEPT_CHARS) {
      chars -= chars(dropOldest());
    }
  }

  private NotedCall dropOldest() {
    Deque<NotedCall> first = null;
    for (Deque<NotedCall> calls : kept.values()) {
      if (!calls.isEmpty() && (first == null || calls.getFirst().id() < first.getFirst().id())) {
        first = calls;
      }
    }
    if (first == null) {
      throw new IllegalStateException("there is no call to drop");
    }
    return first.removeFirst();
  }

  private static long chars(NotedCall call) {
    long chars = (long) call.reason().length() + call.handler().name().length();
    for (TurnFailure.Frame frame : call.backtrace()) {
      String source = frame.source();
      chars += frame.function().length() + (source == null ? 0 : source.length());
    }
    return chars;
  }

  /** The kept calls, in no order. */
  synchronized List<NotedCall> kept() {
    List<NotedCall> all = new ArrayList<>();
    kept.values().forEach(all::addAll);
    return all;
  }

  /** How many calls were worth recording and were left out, because there were too many. */
  public long leftOut() {
    return leftOut.sum();
  }

  /** The points of the last 15 minutes, the oldest first. */
  synchronized List<ActivityPoint> history() {
    Instant first = book.now().minus(CallBook.HISTORY);
    return history.stream().filter(point -> point.at().isAfter(first)).toList();
  }

  /** Adds the times of the calls of all handlers in the last minutes. */
  public void addTo(Histogram sum) {
    handlers.values().forEach(handler -> handler.addTo(sum));
  }

  /** Ends a tick. Called by one thread. */
  synchronized void endTick(
      Instant now, double seconds, boolean minuteEnds, Histogram scratch, PoolStats pool) {
    scratch.reset();
    long calls = 0;
    long failures = 0;
    for (HandlerCalls handler : handlers.values()) {
      handler.endTick(scratch, seconds, minuteEnds);
      calls += handler.calls();
      failures += handler.failures();
    }
    boolean any = scratch.getTotalCount() > 0;
    history.addLast(
        new ActivityPoint(
            now,
            Math.max(0, calls - callsBefore) / seconds,
            Math.max(0, failures - failuresBefore) / seconds,
            any ? scratch.getValueAtPercentile(50) : 0,
            any ? scratch.getValueAtPercentile(99) : 0,
            pool.inUse(),
            pool.waiting(),
            pool.bytes()));
    callsBefore = calls;
    failuresBefore = failures;
    if (history.size() > CallBook.POINTS) {
      history.removeFirst();
    }
  }

  /**
   * Drops handlers that the plugin does not declare, once there are many. Not sooner: an update
   * registers handlers before the plugin's manifest names them.
   */
  void dropOthers(Collection<NotedCall.Handler> declared) {
    if (handlers.size() > declared.size() + SPARE_HANDLERS) {
      handlers.keySet().retainAll(declared);
    }
  }

  /** Drops what is kept of an uninstalled plugin. The next plugin of its name has nothing yet. */
  synchronized void forget() {
    kept.values().forEach(Deque::clear);
    chars = 0;
    history.clear();
    handlers.clear();
    callsBefore = 0;
    failuresBefore = 0;
  }
}
