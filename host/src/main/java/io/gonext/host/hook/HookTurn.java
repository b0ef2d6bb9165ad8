package io.gonext.host.hook;

import java.time.Duration;
import java.util.BitSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One handler's turn in a chain: how long it may take, and whether the chain ends with it. Belongs
 * to the thread that runs the handler.
 */
public final class HookTurn {
  private final LongSupplier nanoTime;
  private final long beganNanos;
  private final long deadlineNanos;
  private boolean stopped;

  /** Positions in a batch; made when the first is set. */
  private @Nullable BitSet stoppedAt;

  private String version = "";
  private long guestNanos;
  private long hostNanos;

  /**
   * A turn that begins now.
   *
   * @param beganNanos now, on {@code nanoTime}
   * @param nanos how long it may take
   */
  public HookTurn(LongSupplier nanoTime, long beganNanos, long nanos) {
    this.nanoTime = nanoTime;
    this.beganNanos = beganNanos;
    this.deadlineNanos = beganNanos + nanos;
  }

  /** What is left of the turn's time; zero or less when it is over. */
  public Duration limit() {
    return Duration.ofNanos(remainingNanos());
  }

  public long remainingNanos() {
    return deadlineNanos - nanoTime.getAsLong();
  }

  /** When the turn began, on {@link System#nanoTime} or on what stands for it in a test. */
  public long beganNanos() {
    return beganNanos;
  }

  /** When the turn ends, on the same clock. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  /** The value that this handler returns is the chain's result: no handler after it is asked. */
  public void stop() {
    stopped = true;
  }

  /** As {@link #stop()}, for the value at one position of a batch. */
  public void stop(int index) {
    if (stoppedAt == null) {
      stoppedAt = new BitSet();
    }
    stoppedAt.set(index);
  }

  /** Says which version of a plugin ran, and where its time went; for the turn's span. */
  public void ran(String byVersion, long inGuestNanos, long inHostNanos) {
    version = byVersion;
    guestNanos += inGuestNanos;
    hostNanos += inHostNanos;
  }

  /** Nothing that a failed handler said holds. */
  public void forgetStop() {
    stopped = false;
    stoppedAt = null;
  }

  public boolean isStopped() {
    return stopped;
  }

  public boolean isStopped(int index) {
    return stopped || (stoppedAt != null && stoppedAt.get(index));
  }

  public String version() {
    return version;
  }

  public long guestNanos() {
    return guestNanos;
  }

  public long hostNanos() {
    return hostNanos;
  }
}
