package io.gonext.cli.kit;

import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import java.io.IOException;

/**
 * A host of this process alone, whose store goes when it is closed. Its limits are those of any
 * host: what it takes, another takes.
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
