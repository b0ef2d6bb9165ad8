package io.gonext.host.internal.hook;

import io.gonext.host.hook.HookTurn;
import java.time.Duration;
import java.util.BitSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A turn as the host sees it: its times, what the handler decided, and which version ran. */
public final class Turn implements HookTurn {
  private final LongSupplier nanoTime;
  private final long beganNanos;
  private final long deadlineNanos;
  private boolean stopped;

  /** Positions in a batch; created when the first is set. */
  private @Nullable BitSet stoppedAt;

  private String version = "";
  private long guestNanos;
  private long hostNanos;

  /**
   * A turn that begins now.
   *
   * @param beganNanos now, as {@code nanoTime} says
   * @param nanos how long it may take
   */
  Turn(LongSupplier nanoTime, long beganNanos, long nanos) {
    this.nanoTime = nanoTime;
    this.beganNanos = beganNanos;
    this.deadlineNanos = beganNanos + nanos;
  }

  @Override
  public Duration remaining() {
    return Duration.ofNanos(deadlineNanos - nanoTime.getAsLong());
  }

  /** When the turn began, on {@link System#nanoTime} or on its substitute in a test. */
  public long beganNanos() {
    return beganNanos;
  }

  /** When the turn ends, on the same clock. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  @Override
  public void stop() {
    stopped = true;
  }

  @Override
  public void stop(int index) {
    if (stoppedAt == null) {
      stoppedAt = new BitSet();
    }
    stoppedAt.set(index);
  }

  /** Records which version of a plugin ran, and where its time went; for the turn's span. */
  public void ran(String byVersion, long inGuestNanos, long inHostNanos) {
    version = byVersion;
    guestNanos += inGuestNanos;
    hostNanos += inHostNanos;
  }

  /** Discards the handler's decision to stop, because the handler failed afterwards. */
  void forgetStop() {
    stopped = false;
    stoppedAt = null;
  }

  boolean isStopped() {
    return stopped;
  }

  boolean isStopped(int index) {
    return stopped || (stoppedAt != null && stoppedAt.get(index));
  }

  String version() {
    return version;
  }

  long guestNanos() {
    return guestNanos;
  }

  long hostNanos() {
    return hostNanos;
  }
}
