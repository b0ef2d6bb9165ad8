package io.gonext.host.internal.calls;

import io.gonext.host.NotedCall;
import io.gonext.host.hook.HookOutcome;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;

/**
 * The calls of one handler: how many, how many failed, and how long they took lately.
 *
 * <p>Thread-safe. A good call that was fast costs two counts and a comparison here.
 */
public final class HandlerCalls {
  private static final long SLOW_NANOS = NotedCall.SLOW.toNanos();

  private final NotedCall.Handler handler;
  private final long slowNanos;
  private final LongAdder ended = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final RecentTimes times = new RecentTimes();

  /** At the last tick. Of the thread that ends ticks. */
  private long endedBefore;

  private volatile double perSecond;

  HandlerCalls(NotedCall.Handler handler) {
    this.handler = handler;
    // A job takes the time that it needs.
    this.slowNanos = handler.kind() == NotedCall.Kind.JOB ? Long.MAX_VALUE : SLOW_NANOS;
  }

  public NotedCall.Handler handler() {
    return handler;
  }

  /**
   * Counts a call that ended well.
   *
   * @return whether it took so long that it may be recorded
   */
  public boolean succeeded(long tookNanos) {
    ended.increment();
    times.record(tookNanos);
    return tookNanos > slowNanos;
  }

  /** Counts a call that failed. One that was refused at once says nothing of the handler's time. */
  public void failed(HookOutcome outcome, long tookNanos) {
    ended.increment();
    failed.increment();
    if (ran(outcome)) {
      times.record(tookNanos);
    }
  }

  /** Whether a call that ended so was not refused at once. */
  public static boolean ran(HookOutcome outcome) {
    // Not a switch: its class would be initialized by the first failure, maybe in a full heap.
    return outcome != HookOutcome.BREAKER_OPEN
        && outcome != HookOutcome.CHAIN_DEADLINE
        && outcome != HookOutcome.UNAVAILABLE
        && outcome != HookOutcome.PAYLOAD_TOO_LARGE;
  }

  public long calls() {
    return ended.sum();
  }

  public long failures() {
    return failed.sum();
  }

  /** How many calls ended in a second of the last tick. */
  public double perSecond() {
    return perSecond;
  }

  /** Adds the times of the calls in the last minutes. */
  public void addTo(Histogram sum) {
    times.addTo(sum);
  }

  /** Ends a tick: adds its times, and returns its number of calls. Called by one thread. */
  void endTick(Histogram tick, double seconds, boolean minuteEnds) {
    times.fold(tick, minuteEnds);
    long now = ended.sum();
    perSecond = (now - endedBefore) / seconds;
    endedBefore = now;
  }
}
