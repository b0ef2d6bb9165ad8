package io.gonext.pool;

import java.util.Locale;

/** Why an instance left its pool. Every created instance leaves for exactly one reason. */
public enum RecycleReason {
  /** Its user declared it unusable, {@link Lease#markUnusable}. */
  UNUSABLE(1),
  /** It served {@link PoolConfig#maxUses} leases. */
  MAX_USES(2),
  /** It outlived {@link PoolConfig#maxAge}. */
  MAX_AGE(3),
  /** It was surplus: not used for {@link PoolConfig#maxIdleTime}, or above a lowered maximum. */
  IDLE(4),
  /** It grew to {@link PoolConfig#recycleAtBytes}, or the {@link MemoryGovernor} took it back. */
  MEMORY(5),
  /** The allocator could not reset it. */
  ERROR(6),
  /** Its lease became unreachable without having been closed. */
  LEAK(7),
  /** The pool was closed or drained. */
  CLOSE(8);

  private static final RecycleReason[] BY_CODE = new RecycleReason[values().length + 1];

  static {
    for (RecycleReason reason : values()) {
      BY_CODE[reason.code] = reason;
    }
  }

  private final String tag = name().toLowerCase(Locale.ROOT);
  private final int code;

  RecycleReason(int code) {
    this.code = code;
  }

  /** The reason's name in events, and in metrics unless {@link PoolMetrics} is given another. */
  public String tag() {
    return tag;
  }

  /** The code of this reason in a slot's state: at least 1, at most 8 bits. */
  int code() {
    return code;
  }

  /** The reason that a code of 1 or more stands for. */
  static RecycleReason ofCode(int code) {
    return BY_CODE[code];
  }
}
