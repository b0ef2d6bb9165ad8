package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who is inside an instance, and until when: at once the instance's entry check and the cell in
 * which one compare-and-set decides whether a call ended before or after its deadline struck.
 *
 * <pre>
 *   IDLE -> ENTERED -> armed (any other value: the time to strike) -> ENTERED -> IDLE
 *                        |                                              ^
 *                        +--- watchdog: FIRING <-> FIRED ---------------+
 * </pre>
 *
 * <p>The watchdog interrupts only while the state is {@code FIRING}, which the thread that entered
 * leaves only by waiting for {@code FIRED}; so a thread is interrupted only while it is inside, and
 * can take the interrupt back before it is anyone else's.
 */
final class Occupancy {
  private static final long IDLE = 0;
  private static final long ENTERED = 1;
  private static final long FIRING = 2;
  private static final long FIRED = 3;

  /**
   * How long after a strike the thread is interrupted again while it is still inside: host code may
   * have swallowed the interrupt and waited anew.
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

  /** Written by the thread that entered, before it arms; read by the watchdog while FIRING. */
  private @Nullable Thread thread;

  /** When to strike again. Owned by the watchdog. */
  private long strikesAgainAt;

  /**
   * Whether the thread had been interrupted by someone else before the deadline struck. Written by
   * the watchdog while FIRING; read by the thread inside once FIRED.
   */
  private boolean interruptedBefore;

  Occupancy(Watchdog watchdog) {
    this.watchdog = watchdog;
  }

  /** Takes the instance for this thread; false when someone is inside already. */
  boolean tryEnter() {
    return STATE.compareAndSet(this, IDLE, ENTERED);
  }

  /** Gives the instance back. Only after {@link #tryEnter} or {@link #disarm}. */
  void leave() {
    STATE.setRelease(this, IDLE);
  }

  /** From now on the watchdog interrupts this thread at this time. */
  void arm(long nanoTime) {
    thread = Thread.currentThread();
    // The four constants are times too, once in 585 years each: a call due then is due 4 ns later.
    state = nanoTime >= IDLE && nanoTime <= FIRED ? FIRED + 1 : nanoTime;
    watchdog.onArmed();
  }

  /**
   * Ends the time in which the watchdog may interrupt this thread.
   *
   * @return whether it did; the interrupt has been taken back then, unless someone else's came
   *     before it
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

  /** Whether the watchdog interrupted the call that is running. Only for the thread inside. */
  boolean hasFired() {
    long now = state;
    return now == FIRING || now == FIRED;
  }

  /**
   * Interrupts the thread inside if its time has come, and again now and then. For the watchdog.
   *
   * @return nanoseconds until this strikes, or {@link Long#MAX_VALUE} when nothing is armed
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

  /** From FIRING to FIRED, whatever happens: the thread inside waits for that. */
  private void interrupt(@Nullable Thread inside, long nanoTime) {
    try {
      if (inside != null) {
        inside.interrupt();
      }
    } finally {
      strikesAgainAt = nanoTime + AGAIN_NANOS;
      state = FIRED;
    }
  }
}
