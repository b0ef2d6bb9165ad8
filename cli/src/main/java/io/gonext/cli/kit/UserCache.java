package io.gonext.cli.kit;

import io.gonext.engine.CompileCache;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.UserCompileCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where this user's commands keep compiled modules: below {@code XDG_CACHE_HOME}, or {@code
 * ~/.cache}.
 */
public final class UserCache {
  private UserCache() {}

  /**
   * Opens a host whose modules are compiled once for all of this user's commands; where that cache
   * cannot be used, in the host's own data directory.
   */
  public static Host open(HostConfig config) throws InterruptedException {
    CompileCache compiled;
    try {
      compiled = UserCompileCache.open(directory(System.getenv()));
    } catch (IOException | SecurityException unusable) {
      // It saves time and nothing else: a home that cannot be written is no reason to fail.
      return Host.open(config);
    }
    return Host.open(config, compiled);
  }

  static Path directory(Map<String, String> environment) {
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    // The specification has relative paths ignored.
    Path base =
        !caches.isEmpty() && Path.of(caches).isAbsolute()
            ? Path.of(caches)
            : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("gonext").resolve("compiled");
  }
}
