package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The thread inside an instance and its deadline. It is the instance's entry check. One
 * compare-and-set on its state decides whether a call ended before or after its deadline struck.
 *
 * <pre>
 *   IDLE -> ENTERED -> armed (any other value: the time to strike) -> ENTERED -> IDLE
 *                        |                                              ^
 *                        +--- watchdog: FIRING <-> FIRED ---------------+
 * </pre>
 *
 * <p>The watchdog interrupts only while the state is {@code FIRING}. The thread inside leaves that
 * state only by waiting for {@code FIRED}. So a thread is interrupted only while it is inside, and
 * it can clear the interrupt before the thread does other work.
 */
final class Occupancy {
  private static final long IDLE = 0;
  private static final long ENTERED = 1;
  private static final long FIRING = 2;
  private static final long FIRED = 3;

  /**
   * The time between interrupts of a thread that stays inside after its deadline: host code may
   * have swallowed an interrupt and waited again.
   */
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Occupancy.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Watchdog watchdog;

  /** One of the constants above or a {@link System#nanoTime} value. */
  private volatile long state = IDLE;

  /** Written by the thread that entered, before it arms. Read by the watchdog while FIRING. */
  private @Nullable Thread thread;

  /**
   * What the watchdog runs instead of an interrupt; null where it interrupts. Written by the thread
   * inside. Read by the watchdog while FIRING.
   */
  private volatile @Nullable Runnable instead;

  /** When to strike again. Owned by the watchdog. */
  private long strikesAgainAt;

  /**
   * Whether other code had interrupted the thread before the deadline struck. Written by the
   * watchdog while FIRING. Read by the thread inside once FIRED.
   */
  private boolean interruptedBefore;

  Occupancy(Watchdog watchdog) {
    this.watchdog = watchdog;
  }

  /** Takes the instance for this thread. False if a thread is already inside. */
  boolean tryEnter() {
    return STATE.compareAndSet(this, IDLE, ENTERED);
  }

  /** Gives the instance back. Only after {@link #tryEnter} or {@link #disarm}. */
  void leave() {
    STATE.setRelease(this, IDLE);
  }

  /** Sets the time at which the watchdog interrupts this thread. */
  void arm(long nanoTime) {
    thread = Thread.currentThread();
    state = armed(nanoTime);
    watchdog.onArmed();
  }

  /**
   * Moves the time at which the watchdog interrupts this thread. Only for the thread inside, while
   * it is armed.
   *
   * @return false if the watchdog interrupted the thread before that
   */
  boolean rearm(long nanoTime) {
    long before = state;
    return before != FIRING
        && before != FIRED
        && STATE.compareAndSet(this, before, armed(nanoTime));
  }

  /**
   * Holds back interrupts until {@link #release}: at the time, and again until then, the watchdog
   * runs {@code instead}. Only for the thread inside, while it is armed.
   *
   * @return false if the watchdog struck before that; then nothing is held back
   */
  boolean hold(long nanoTime, Runnable instead) {
    this.instead = instead;
    boolean held = rearm(nanoTime);
    if (!held) {
      this.instead = null;
    }
    return held;
  }

  /**
   * Ends a {@link #hold}. If the watchdog struck meanwhile, and the new time has not passed, the
   * call is armed again; otherwise the strike stands.
   *
   * @param nanoTime when the watchdog interrupts this thread
   */
  void release(long nanoTime) {
    boolean ended = false;
    while (!ended) {
      long now = state;
      if (now == FIRING) {
        Thread.onSpinWait();
      } else {
        ended =
            (now == FIRED && System.nanoTime() - nanoTime >= 0)
                || STATE.compareAndSet(this, now, armed(nanoTime));
      }
    }
    instead = null;
  }

  /**
   * The state of an armed call. A time may equal one of the four constants, once in 585 years. Such
   * a call is due up to 4 ns later.
   */
  private static long armed(long nanoTime) {
    return nanoTime >= IDLE && nanoTime <= FIRED ? FIRED + 1 : nanoTime;
  }

  /**
   * Ends the time in which the watchdog may interrupt this thread.
   *
   * @return whether it did interrupt. The interrupt is cleared, unless other code had interrupted
   *     the thread before
   */
  boolean disarm() {
    long armed = state;
    boolean fired = armed == FIRING || armed == FIRED || !STATE.compareAndSet(this, armed, ENTERED);
    if (fired) {
      while (!STATE.compareAndSet(this, FIRED, ENTERED)) {
        Thread.onSpinWait();
      }
      if (!interruptedBefore) {
        Thread.interrupted();
      }
    }
    thread = null;
    return fired;
  }

  /**
   * Checks that the calling thread is inside and armed.
   *
   * @throws IllegalStateException when it is not
   */
  void requireInside() {
    if (thread != Thread.currentThread()) {
      throw new IllegalStateException("only inside a run, and on its thread");
    }
  }

  /** Whether the watchdog interrupted the current call. Only for the thread inside. */
  boolean hasFired() {
    long now = state;
    return now == FIRING || now == FIRED;
  }

  /**
   * Interrupts the thread inside if its deadline has passed, and again until it leaves. For the
   * watchdog.
   *
   * @return nanoseconds until the next interrupt, or {@link Long#MAX_VALUE} if nothing is armed
   */
  long strikeIfDue(long nanoTime) {
    long armed = state;
    if (armed == FIRED) {
      return strikeAgain(nanoTime);
    }
    if (armed >= IDLE && armed < FIRED) {
      return Long.MAX_VALUE;
    }
    long remaining = armed - nanoTime;
    if (remaining > 0) {
      return remaining;
    }
    if (STATE.compareAndSet(this, armed, FIRING)) {
      Thread inside = thread;
      interruptedBefore = inside != null && inside.isInterrupted();
      interrupt(inside, nanoTime);
    }
    return AGAIN_NANOS;
  }

  private long strikeAgain(long nanoTime) {
    long remaining = strikesAgainAt - nanoTime;
    if (remaining > 0) {
      return remaining;
    }
    if (STATE.compareAndSet(this, FIRED, FIRING)) {
      interrupt(thread, nanoTime);
    }
    return AGAIN_NANOS;
  }

  /**
   * Interrupts, or runs what is to be run instead. Always moves from FIRING to FIRED, because the
   * thread inside waits for that.
   */
  private void interrupt(@Nullable Thread inside, long nanoTime) {
    try {
      Runnable other = instead;
      if (other != null) {
        other.run();
      } else if (inside != null) {
        inside.interrupt();
      }
    } finally {
      strikesAgainAt = nanoTime + AGAIN_NANOS;
      state = FIRED;
    }
  }
}
