package io.gonext.host.internal.abi;

import io.gonext.host.internal.abi.HostAnswer.Refused;

/** The numbers by which a group of host functions reports what it refused. */
public enum StatusFamily {
  /** The functions of {@code gonext_data}, and all functions that return an i32. */
  DATA(-1, -2, -3, -4, -5, -12, -1, -2),
  /** The functions of {@code env_net}, where "bad request" stands for bad arguments. */
  NET(-2, -7, -1, -6, -4, -4, -3, -5);

  // The same in all families: -6 to -10 stay free, because a public SDK reads -6 as "absent".
  private static final int CONFLICT = -11;
  private static final int TIMED_OUT = -13;
  private static final int REJECTED = -14;

  private final int denied;
  private final int internal;
  private final int badArguments;
  private final int notFound;
  private final int quota;
  private final int rateLimited;
  private final int blocked;
  private final int upstreamFailed;

  StatusFamily(
      int denied,
      int internal,
      int badArguments,
      int notFound,
      int quota,
      int rateLimited,
      int blocked,
      int upstreamFailed) {
    this.denied = denied;
    this.internal = internal;
    this.badArguments = badArguments;
    this.notFound = notFound;
    this.quota = quota;
    this.rateLimited = rateLimited;
    this.blocked = blocked;
    this.upstreamFailed = upstreamFailed;
  }

  /** The status of a refusal, below zero. */
  public int status(Refused refused) {
    return switch (refused) {
      case DENIED -> denied;
      case INTERNAL -> internal;
      case BAD_ARGUMENTS -> badArguments;
      case NOT_FOUND -> notFound;
      case QUOTA -> quota;
      case RATE_LIMITED -> rateLimited;
      case BLOCKED -> blocked;
      case UPSTREAM_FAILED -> upstreamFailed;
      case CONFLICT -> CONFLICT;
      case TIMED_OUT -> TIMED_OUT;
      case REJECTED -> REJECTED;
    };
  }
}
