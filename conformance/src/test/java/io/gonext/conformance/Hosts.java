package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.engine.CompileCache;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.OperatorLimits;
import io.gonext.host.UserCompileCache;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.pool.PoolStats;
import io.gonext.testkit.TestHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** How these tests open a host, and what they check of its pools. */
final class Hosts {
  /** Of this run: several tests compile the same module, and Go's take seconds. */
  static final CompileCache COMPILED = compiled();

  private Hosts() {}

  private static CompileCache compiled() {
    try {
      return UserCompileCache.open(Files.createTempDirectory(Path.of("target"), "compiled"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens a host that shares compiled modules with the others of this run. */
  static Host open(HostConfig config) throws InterruptedException {
    return Host.open(config, COMPILED);
  }

  /** A configuration whose limits leave calls enough time beside builds and other tests. */
  static HostConfig patient(Path data) {
    return HostConfig.builder(data)
        .trust(TrustPolicy.off())
        .limits(
            new OperatorLimits(
                64, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(20), 8))
        .build();
  }

  /** A test host with such limits. */
  static TestHost test() {
    return TestHost.builder()
        .compiled(COMPILED)
        .limits(patient(Path.of("unused")).limits())
        .build();
  }

  /**
   * Every lease comes back, no caller waits, and every created instance is alive or was recycled.
   */
  static void assertBalanced(Host host, String plugin) {
    await()
        .untilAsserted(() -> {
          PoolStats pool = host.health().pool(plugin).orElseThrow();
          assertThat(pool.inUse()).isZero();
          assertThat(pool.waiting()).isZero();
          assertThat(pool.created()).isEqualTo(pool.live() + pool.recycledTotal());
        });
  }
}
