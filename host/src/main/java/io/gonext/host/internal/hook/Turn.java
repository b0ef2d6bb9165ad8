package io.gonext.host.internal.hook;

import io.gonext.engine.CallTimes;
import io.gonext.host.hook.HookTurn;
import io.gonext.host.internal.calls.EndedCall;
import io.gonext.host.internal.calls.HandlerCalls;
import io.gonext.pool.WaitListener;
import java.time.Duration;
import java.util.BitSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A turn as the host sees it: its times, what the handler decided, and which version ran. */
public final class Turn implements HookTurn, WaitListener {
  private final LongSupplier nanoTime;
  private final long beganNanos;
  private final long deadlineNanos;
  private boolean stopped;

  /** Positions in a batch; created when the first is set. */
  private @Nullable BitSet stoppedAt;

  private String version = "";
  private long guestNanos;
  private long hostNanos;
  private long waitNanos;
  private long fuel;
  private long queuedNanos;
  private boolean late;
  private boolean watchesMemory;
  private long touchedBytes;
  private long recording;

  /** Which of several handlers under one probe it is; null if there is only one. */
  private @Nullable HandlerCalls handler;

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

  /** Records which version of a plugin ran, and where its time went. */
  public void ran(String byVersion, CallTimes times) {
    version = byVersion;
    guestNanos += times.guestNanos();
    hostNanos += times.hostNanos();
    waitNanos += times.waitNanos();
    fuel += times.fuel();
    late |= times.late();
  }

  /** Records that it waited for an instance. */
  @Override
  public void waited(long nanos) {
    queuedNanos += nanos;
  }

  /** Asks for the memory that the plugin stores to, which takes time to find out. */
  void watchMemory() {
    watchesMemory = true;
  }

  /** Whether somebody wants to know what memory the plugin stores to. */
  public boolean watchesMemory() {
    return watchesMemory;
  }

  /** Records how much memory the plugin stored to. */
  public void touched(long bytes) {
    touchedBytes = bytes;
  }

  long touchedBytes() {
    return touchedBytes;
  }

  /** Where its time went, of this much altogether. */
  EndedCall.Times times(long tookNanos) {
    return new EndedCall.Times(tookNanos, queuedNanos, guestNanos, hostNanos, waitNanos, fuel);
  }

  /** Remembers the id of the recording of the plugin's call. */
  public void recorded(long id) {
    recording = id;
  }

  /** The id of the recording; 0 if it was not recorded. */
  long recording() {
    return recording;
  }

  /** Records which of several handlers under one probe it is. */
  public void isOf(HandlerCalls one) {
    handler = one;
  }

  /** How much fuel the plugin used so far; 0 if it does not count it. */
  public long fuel() {
    return fuel;
  }

  /** How long the turn has taken so far. */
  public long tookNanos() {
    return nanoTime.getAsLong() - beganNanos;
  }

  /** How long the plugin waited in host functions so far. */
  public long waitNanos() {
    return waitNanos;
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

  @Nullable HandlerCalls handler() {
    return handler;
  }

  /** Whether the plugin computed for longer than its soft limit. */
  boolean isLate() {
    return late;
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
