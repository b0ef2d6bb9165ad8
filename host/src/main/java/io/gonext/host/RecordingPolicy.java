package io.gonext.host;

import java.time.Duration;
import java.util.Optional;

/**
 * Which calls of a plugin are kept while they are recorded.
 *
 * @param failures whether calls are kept that trap, are out of time or give a bad answer
 * @param slow calls that take at least this long are kept; empty keeps none for that
 * @param every of the other calls one in so many is kept; 0 keeps none, 1 keeps all
 */
public record RecordingPolicy(boolean failures, Optional<Duration> slow, int every) {
  /** All calls. */
  public static final RecordingPolicy ALL = new RecordingPolicy(true, Optional.empty(), 1);

  /** Checks the ranges. */
  public RecordingPolicy {
    if (every < 0) {
      throw new IllegalArgumentException("one call in " + every + " cannot be kept");
    }
    slow.ifPresent(least -> {
      if (least.isNegative()) {
        throw new IllegalArgumentException("a call cannot take " + least);
      }
    });
    if (!failures && slow.isEmpty() && every == 0) {
      throw new IllegalArgumentException("a recording that keeps nothing");
    }
  }
}
