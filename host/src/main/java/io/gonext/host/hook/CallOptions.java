package io.gonext.host.hook;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

/**
 * What one call of a hook asks for beyond the default.
 *
 * @param failClosed whether a handler that fails ends the call with a {@link
 *     io.gonext.host.ChainFailedException} instead of being passed over
 * @param limit the time all handlers have together; may only shorten the host's own
 */
public record CallOptions(boolean failClosed, Duration limit) {
  /** A handler that fails is passed over; the host's own limit holds. */
  public static final CallOptions DEFAULT =
      new CallOptions(false, ChronoUnit.FOREVER.getDuration());

  public CallOptions {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("the limit must be positive: " + limit);
    }
  }

  public CallOptions withFailClosed() {
    return new CallOptions(true, limit);
  }

  public CallOptions withLimit(Duration newLimit) {
    return new CallOptions(failClosed, newLimit);
  }
}
