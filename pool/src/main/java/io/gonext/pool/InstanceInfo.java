package io.gonext.pool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One instance of a pool, or the place of one, at the moment of a {@link PoolSnapshot}.
 *
 * @param place the index of its place, from 0; one instance after another has the same place
 * @param state what happens to it
 * @param inState how long it has been in this state. Exact while it is created or retired. For an
 *     idle or leased instance it is a lower bound, because checkouts read no clock: the time since
 *     a snapshot first saw this instance idle, or first saw this lease
 * @param uses how many leases it has had, the present one included
 * @param age the time since it was created; zero while it is created
 * @param bytes its last known weight; 0 while it is created
 * @param leaving why it will be retired when its lease ends; null when it will not
 */
public record InstanceInfo(
    int place,
    State state,
    Duration inState,
    long uses,
    Duration age,
    long bytes,
    @Nullable RecycleReason leaving) {

  /** What happens to an instance. */
  public enum State {
    /** Ready to be taken. */
    IDLE,

    /** Out on a lease, or being reset after one. */
    LEASED,

    /** The allocator makes it. */
    CREATING,

    /** It left the pool, and the allocator closes it. */
    RETIRING
  }
}
