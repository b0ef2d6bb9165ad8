package io.gonext.engine;

import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import run.endive.runtime.WasmInterruptedException;

/**
 * One {@code poll_oneoff}: waits for the first of some clocks; standard streams are always ready.
 * The deadline's interrupt ends the wait and stays set, so that the guest ends too.
 */
final class WasiPoll {
  private static final int SUBSCRIPTION_BYTES = 48;
  private static final int EVENT_BYTES = 32;

  private static final byte CLOCK = 0;
  private static final byte FD_READ = 1;
  private static final byte FD_WRITE = 2;
  private static final int CLOCK_ABSOLUTE = 1;
  private static final short BADF = 8;
  private static final short HANGUP = 1;

  private final GuestMemory memory;
  private final long subscriptions;
  private final long events;
  private final int count;
  private final LongUnaryOperator now;
  private final LongPredicate isOpen;

  private int written;

  /**
   * A poll.
   *
   * @param subscriptions pointer to {@code count} subscriptions
   * @param events pointer to room for as many events
   * @param now the time of a clock, in nanoseconds
   * @param isOpen whether a descriptor is open
   */
  WasiPoll(
      GuestMemory memory,
      long subscriptions,
      long events,
      int count,
      LongUnaryOperator now,
      LongPredicate isOpen) {
    this.memory = memory;
    this.subscriptions = subscriptions;
    this.events = events;
    this.count = count;
    this.now = now;
    this.isOpen = isOpen;
  }

  /** The number of events written; 0 when a subscription is invalid. */
  int run() {
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      switch (kind(i)) {
        case CLOCK -> {
          if (clockId(i) > 1) {
            return 0;
          }
          shortest = Math.min(shortest, timeout(i));
        }
        case FD_READ, FD_WRITE -> ready(i);
        default -> {
          return 0;
        }
      }
    }
    if (written == 0) {
      sleep(shortest);
      for (int i = 0; i < count; i++) {
        if (timeout(i) <= shortest) {
          event(i, (short) 0, CLOCK);
        }
      }
    }
    return written;
  }

  private long subscription(int index) {
    return subscriptions + (long) SUBSCRIPTION_BYTES * index;
  }

  private byte kind(int index) {
    return memory.read(subscription(index) + 8, 1)[0];
  }

  private long clockId(int index) {
    return Integer.toUnsignedLong(memory.readInt(subscription(index) + 16));
  }

  /** Nanoseconds to wait for a clock, never negative. */
  private long timeout(int index) {
    long timeout = memory.readLong(subscription(index) + 24);
    if ((memory.readInt(subscription(index) + 40) & CLOCK_ABSOLUTE) != 0) {
      // At most 292 years away: a time that does not fit 63 bits is as good as never.
      return timeout < 0 ? Long.MAX_VALUE : Math.max(0, timeout - now.applyAsLong(clockId(index)));
    }
    return timeout < 0 ? Long.MAX_VALUE : timeout;
  }

  private void ready(int index) {
    byte kind = kind(index);
    long fd = Integer.toUnsignedLong(memory.readInt(subscription(index) + 16));
    boolean fits = isOpen.test(fd) && (fd == 0) == (kind == FD_READ);
    long at = event(index, fits ? 0 : BADF, kind);
    if (fits && kind == FD_READ) {
      memory.writeByte(at + 24, (byte) HANGUP);
    }
  }

  private long event(int index, short errno, byte kind) {
    long at = events + (long) EVENT_BYTES * written++;
    memory.write(at, new byte[EVENT_BYTES]);
    memory.writeLong(at, memory.readLong(subscription(index)));
    memory.writeByte(at + 8, (byte) errno);
    memory.writeByte(at + 10, kind);
    return at;
  }

  private static void sleep(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WasmInterruptedException("interrupted in poll_oneoff");
    }
  }
}
