package io.gonext.host;

import io.gonext.host.lifecycle.OperatorLimits;
import java.time.Duration;

/**
 * Limits for tests that are not about them: calls take their time beside builds and other tests.
 */
final class Patience {
  static final OperatorLimits LIMITS =
      new OperatorLimits(
          64,
          Duration.ofSeconds(20),
          Duration.ofSeconds(30),
          Duration.ofSeconds(20),
          Duration.ofMinutes(5),
          8);

  private Patience() {}
}
