package io.gonext.cli.kit;

import io.gonext.engine.CompileCache;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.UserCompileCache;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** The user's caches, below {@code XDG_CACHE_HOME} or {@code ~/.cache}. */
public final class UserCache {
  private UserCache() {}

  /**
   * Opens a host that keeps compiled modules in the user's cache. If that cache cannot be used, the
   * host keeps them in its data directory.
   */
  public static Host open(HostConfig config) throws InterruptedException {
    CompileCache compiled;
    try {
      compiled = UserCompileCache.open(directory(System.getenv(), "compiled"));
    } catch (IOException | SecurityException unusable) {
      // The cache only saves time: without it, the host still works.
      return Host.open(config);
    }
    return Host.open(config, compiled);
  }

  /** The directory of one cache. */
  public static Path directory(Map<String, String> environment, String name) {
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    // The XDG specification says to ignore relative paths.
    Path base =
        !caches.isEmpty() && Path.of(caches).isAbsolute()
            ? Path.of(caches)
            : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("gonext").resolve(name);
  }
}
