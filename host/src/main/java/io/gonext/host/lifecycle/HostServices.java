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
    return access(manifest, grants.permissions(manifest));
  }

  /** What an instance works with that is only made to see whether it starts: it may do nothing. */
  PluginAccess trialOf(Manifest manifest) {
    return access(manifest, Permissions.none());
  }

  private PluginAccess access(Manifest manifest, Permissions permissions) {
    return new PluginAccess(
        manifest,
        grants.registry(),
        permissions,
        new PluginLog(manifest.name(), System::nanoTime),
        clock);
  }
}
