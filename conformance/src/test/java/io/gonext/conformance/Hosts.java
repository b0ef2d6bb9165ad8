package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.HostConfig;
import io.gonext.host.OperatorLimits;
import io.gonext.pool.PoolStats;
import java.nio.file.Path;
import java.time.Duration;

/** How these tests open a host, and what they check of its pools. */
final class Hosts {
  private Hosts() {}

  /** A configuration whose limits leave calls enough time beside builds and other tests. */
  static HostConfig patient(Path data) {
    return HostConfig.builder(data)
        .limits(
            new OperatorLimits(
                64, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(20), 8))
        .build();
  }

  /** No lease is out, no caller waits, and every created instance is alive or was recycled. */
  static void assertBalanced(PoolStats pool) {
    assertThat(pool.inUse()).isZero();
    assertThat(pool.waiting()).isZero();
    assertThat(pool.created()).isEqualTo(pool.live() + pool.recycledTotal());
  }
}
