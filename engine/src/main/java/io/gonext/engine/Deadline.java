package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Who is inside an instance, and until when: at once the instance's entry check and the cell in
 * which one compare-and-set decides whether a call ended before or after its deadline struck.
 *
 * <pre>
 *   IDLE -> ENTERED -> armed (any other value: the time to strike) -> ENTERED -> IDLE
 *                        |                                              ^
 *                        +--- watchdog: FIRING -> FIRED ----------------+
 * </pre>
 *
 * <p>The thread that entered makes every transition but those two, and leaves the state {@code
 * FIRING} only by waiting for {@code FIRED}; so the watchdog interrupts a thread only while it is
 * inside, and the thread can take the interrupt back before it is anyone else's.
 */
final class Deadline {
  private static final long IDLE = 0;
  private static final long ENTERED = 1;
  private static final long FIRING = 2;
  private static final long FIRED = 3;

  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Deadline.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Watchdog watchdog;

  /** One of the constants above or a {@link System#nanoTime} value. */
  private volatile long state = IDLE;

  /** Written by the thread that entered, before it arms; read by the watchdog while FIRING. */
  private @Nullable Thread thread;

  Deadline(Watchdog watchdog) {
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
   * @return whether it did; the interrupt has been taken back then
   */
  boolean disarm() {
    long armed = state;
    boolean fired = armed == FIRING || armed == FIRED || !STATE.compareAndSet(this, armed, ENTERED);
    if (fired) {
      while (state != FIRED) {
        Thread.onSpinWait();
      }
      Thread.interrupted();
      state = ENTERED;
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
   * Interrupts the thread inside if its time has come. For the watchdog.
   *
   * @return nanoseconds until this strikes, or {@link Long#MAX_VALUE} when nothing is armed
   */
  long strikeIfDue(long nanoTime) {
    long armed = state;
    if (armed >= IDLE && armed <= FIRED) {
      return Long.MAX_VALUE;
    }
    long remaining = armed - nanoTime;
    if (remaining > 0) {
      return remaining;
    }
    if (STATE.compareAndSet(this, armed, FIRING)) {
      Thread inside = thread;
      if (inside != null) {
        inside.interrupt();
      }
      state = FIRED;
    }
    return Long.MAX_VALUE;
  }
}
