package io.gonext.host;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Hosts for tests that are not about limits: calls take their time beside builds and other tests.
 */
final class Patience {
  private static final OperatorLimits LIMITS =
      new OperatorLimits(
          64, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(20), 8);

  private Patience() {}

  static HostConfig config(Path data) {
    return HostConfig.builder(data).limits(LIMITS).build();
  }
}
