package io.gonext.cli.kit;

import io.gonext.engine.CompileCache;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.UserCompileCache;
import java.io.IOException;

/** The user's cache of compiled modules. */
public final class UserCache {
  private UserCache() {}

  /**
   * Opens a host that keeps compiled modules in the user's cache. If that cache cannot be used, the
   * host keeps them in its data directory.
   */
  public static Host open(HostConfig config) throws InterruptedException {
    CompileCache compiled;
    try {
      compiled = UserCompileCache.open();
    } catch (IOException | SecurityException unusable) {
      // The cache only saves time: without it, the host still works.
      return Host.open(config);
    }
    return Host.open(config, compiled);
  }
}
