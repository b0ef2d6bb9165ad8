package io.gonext.cli.kit;

import io.gonext.engine.EngineLimits;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import java.io.IOException;
import java.time.Duration;

/**
 * A host of this process alone, whose store goes when it is closed. Compiling may take its time:
 * how busy this machine is says nothing about what a host would refuse.
 */
final class TrialHost implements AutoCloseable {
  private static final Duration COMPILE = Duration.ofMinutes(5);

  private final Host host;
  private final TemporaryDirectory data;

  private TrialHost(Host host, TemporaryDirectory data) {
    this.host = host;
    this.data = data;
  }

  static TrialHost open() throws IOException, InterruptedException {
    TemporaryDirectory data = TemporaryDirectory.create();
    try {
      return new TrialHost(
          Host.open(
              HostConfig.of(data.path())
                  .withEngineLimits(EngineLimits.defaults().withCompileTimeout(COMPILE))),
          data);
    } catch (RuntimeException | InterruptedException e) {
      data.close();
      throw e;
    }
  }

  Host host() {
    return host;
  }

  @Override
  public void close() {
    try {
      host.close();
    } finally {
      data.close();
    }
  }
}
