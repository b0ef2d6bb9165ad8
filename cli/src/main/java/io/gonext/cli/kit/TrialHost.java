package io.gonext.cli.kit;

import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import java.io.IOException;

/**
 * A temporary host in this process; {@link #close} deletes its store. It has the default limits of
 * a host, so other hosts accept the plugins that it accepts.
 */
final class TrialHost implements AutoCloseable {
  private final Host host;
  private final TemporaryDirectory data;

  private TrialHost(Host host, TemporaryDirectory data) {
    this.host = host;
    this.data = data;
  }

  static TrialHost open() throws IOException, InterruptedException {
    TemporaryDirectory data = TemporaryDirectory.create();
    try {
      return new TrialHost(UserCache.open(HostConfig.builder(data.path()).build()), data);
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
