package io.gonext.engine;

import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One {@code poll_oneoff}: waits for the first of several clocks. Standard streams are always
 * ready. The deadline's interrupt ends the wait, and the flag stays set, so that the guest ends
 * too.
 *
 * <p>It reads all subscriptions and computes all waiting times before it waits. After the wait it
 * reports every subscription that is ready, in the order of the subscriptions. A change of the wall
 * clock during the wait does not move its end.
 */
final class WasiPoll {
  private static final int SUBSCRIPTION_BYTES = 48;
  private static final int EVENT_BYTES = 32;

  private static final byte CLOCK = 0;
  private static final byte FD_READ = 1;
  private static final byte FD_WRITE = 2;
  private static final int MONOTONIC = 1;
  private static final int CLOCKS = 2;
  private static final int CLOCK_ABSOLUTE = 1;
  private static final short BADF = 8;
  private static final short HANGUP = 1;

  private final GuestMemory memory;
  private final long subscriptions;
  private final long events;
  private final int count;
  private final LongUnaryOperator now;
  private final LongPredicate isOpen;
  private final WasiSources.Sleep sleep;

  /** The first reading of each clock, so that all times of a clock count from one moment. */
  private final @Nullable Long[] began = new Long[CLOCKS];

  private int written;

  /**
   * A subscription as it was when the poll began.
   *
   * @param waitNanos how long to wait for a clock, never negative; 0 for a descriptor
   */
  private record Subscription(long userdata, byte kind, long descriptor, long waitNanos) {}

  /**
   * A poll.
   *
   * @param subscriptions pointer to {@code count} subscriptions
   * @param events pointer to space for as many events
   * @param now returns the time of a clock in nanoseconds; 0 is the wall clock, 1 the monotonic
   *     clock
   * @param isOpen whether a descriptor is open
   */
  WasiPoll(
      GuestMemory memory,
      long subscriptions,
      long events,
      int count,
      LongUnaryOperator now,
      LongPredicate isOpen,
      WasiSources.Sleep sleep) {
    this.memory = memory;
    this.subscriptions = subscriptions;
    this.events = events;
    this.count = count;
    this.now = now;
    this.isOpen = isOpen;
    this.sleep = sleep;
  }

  /** The number of events written; 0 when a subscription is invalid. */
  int run() {
    beganAt(MONOTONIC);
    var polled = new Subscription[count];
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      Subscription subscription = read(subscriptions + (long) SUBSCRIPTION_BYTES * i);
      if (subscription == null) {
        return 0;
      }
      polled[i] = subscription;
      shortest = Math.min(shortest, subscription.waitNanos());
    }
    if (shortest > 0) {
      sleep(shortest);
    }
    long waited = Math.max(shortest, now.applyAsLong(MONOTONIC) - beganAt(MONOTONIC));
    for (Subscription subscription : polled) {
      if (subscription.kind() != CLOCK) {
        ready(subscription);
      } else if (subscription.waitNanos() <= waited) {
        event(subscription, (short) 0);
      }
    }
    return written;
  }

  private @Nullable Subscription read(long at) {
    long userdata = memory.readLong(at);
    byte kind = memory.read(at + 8, 1)[0];
    long descriptor = Integer.toUnsignedLong(memory.readInt(at + 16));
    return switch (kind) {
      case CLOCK ->
          descriptor >= CLOCKS
              ? null
              : new Subscription(userdata, kind, descriptor, waitNanos((int) descriptor, at));
      case FD_READ, FD_WRITE -> new Subscription(userdata, kind, descriptor, 0);
      default -> null;
    };
  }

  private long waitNanos(int clock, long at) {
    long timeout = memory.readLong(at + 24);
    if (timeout < 0) {
      // At most 292 years from now, because a time must fit in 63 bits.
      return Long.MAX_VALUE;
    }
    boolean absolute = (memory.readInt(at + 40) & CLOCK_ABSOLUTE) != 0;
    return absolute ? Math.max(0, timeout - beganAt(clock)) : timeout;
  }

  private long beganAt(int clock) {
    @Nullable Long known = began[clock];
    if (known == null) {
      known = now.applyAsLong(clock);
      began[clock] = known;
    }
    return known;
  }

  private void ready(Subscription subscription) {
    boolean reads = subscription.kind() == FD_READ;
    boolean fits =
        isOpen.test(subscription.descriptor()) && (subscription.descriptor() == 0) == reads;
    long at = event(subscription, fits ? 0 : BADF);
    if (fits && reads) {
      memory.writeByte(at + 24, (byte) HANGUP);
    }
  }

  private long event(Subscription subscription, short errno) {
    long at = events + (long) EVENT_BYTES * written++;
    memory.write(at, new byte[EVENT_BYTES]);
    memory.writeLong(at, subscription.userdata());
    memory.writeByte(at + 8, (byte) errno);
    memory.writeByte(at + 10, subscription.kind());
    return at;
  }

  private void sleep(long nanos) {
    try {
      sleep.nanos(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Interrupts.signal();
    }
  }
}
