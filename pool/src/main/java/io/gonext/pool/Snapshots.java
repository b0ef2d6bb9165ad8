package io.gonext.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;

/**
 * Reads all slots of a pool under its lock. Creations and retirements begin and end under that
 * lock, so their numbers agree with the population. Leases begin and end without it.
 */
final class Snapshots<T> {

  private final PoolState<T> state;
  private final LongSupplier nanoTime;
  private final IntFunction<PoolStats> stats;

  /**
   * @param stats the pool's numbers, for this number of idle instances; called under the lock
   */
  Snapshots(PoolState<T> state, LongSupplier nanoTime, IntFunction<PoolStats> stats) {
    this.state = state;
    this.nanoTime = nanoTime;
    this.stats = stats;
  }

  PoolSnapshot take() {
    state.lock.lock();
    try {
      long now = nanoTime.getAsLong();
      List<InstanceInfo> instances = new ArrayList<>();
      int idle = 0;
      for (Slot<T> slot : state.rack.slots()) {
        long seen = slot.state();
        if (SlotState.phase(seen) != SlotState.VACANT) {
          InstanceInfo instance = look(slot, seen, now);
          idle += instance.state() == InstanceInfo.State.IDLE ? 1 : 0;
          instances.add(instance);
        }
      }
      return new PoolSnapshot(stats.apply(idle), instances, waits(now));
    } finally {
      state.lock.unlock();
    }
  }

  private InstanceInfo look(Slot<T> slot, long seen, long now) {
    long phase = SlotState.phase(seen);
    if (phase == SlotState.CREATING) {
      return new InstanceInfo(
          slot.index,
          InstanceInfo.State.CREATING,
          since(slot.enteredAt, now),
          0,
          Duration.ZERO,
          0,
          null);
    }
    boolean retiring = phase == SlotState.RETIRING;
    if (!retiring && slot.lookedAt != SlotState.lookable(seen)) {
      slot.lookedAt = SlotState.lookable(seen);
      slot.lookedSince = now;
    }
    return new InstanceInfo(
        slot.index,
        retiring
            ? InstanceInfo.State.RETIRING
            : phase == SlotState.IDLE ? InstanceInfo.State.IDLE : InstanceInfo.State.LEASED,
        since(retiring ? slot.enteredAt : slot.lookedSince, now),
        SlotState.version(seen) - slot.leasesBefore,
        since(slot.createdAt, now),
        slot.weighed(),
        SlotState.reason(seen));
  }

  private List<Duration> waits(long now) {
    List<Duration> waits = new ArrayList<>();
    Waiter<T> waiter = state.queue.head();
    while (waiter != null && waits.size() < PoolSnapshot.MAX_WAITS) {
      waits.add(since(waiter.since, now));
      waiter = waiter.next;
    }
    return waits;
  }

  private static Duration since(long then, long now) {
    return Duration.ofNanos(Math.max(0, now - then));
  }
}
