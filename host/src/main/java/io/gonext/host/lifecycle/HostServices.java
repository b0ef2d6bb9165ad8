package io.gonext.host.lifecycle;

import io.gonext.host.abi.PluginAccess;
import io.gonext.host.abi.PluginLog;
import io.gonext.host.capability.Grants;
import io.gonext.host.capability.Permissions;
import io.gonext.host.manifest.Manifest;
import java.time.InstantSource;

/** What the host keeps for the functions that plugins import. */
public record HostServices(Grants grants, InstantSource clock) {
  /** What a version in service works with. */
  PluginAccess accessOf(Manifest manifest) {
    return access(manifest, grants.permissions(manifest), logOf(manifest));
  }

  /** What a version works with that is exercised before it serves: nothing it does has effects. */
  PluginAccess dryRunOf(Manifest manifest) {
    return access(manifest, grants.permissions(manifest), PluginLog.discarding());
  }

  /** What an instance works with that is only made to see whether it starts: it may do nothing. */
  PluginAccess trialOf(Manifest manifest) {
    return access(manifest, Permissions.none(), logOf(manifest));
  }

  private PluginAccess access(Manifest manifest, Permissions permissions, PluginLog log) {
    return new PluginAccess(manifest, grants.registry(), permissions, log, clock);
  }

  private static PluginLog logOf(Manifest manifest) {
    return new PluginLog(manifest.name(), System::nanoTime);
  }
}
