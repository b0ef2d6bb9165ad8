package io.gonext.host.lifecycle;

import io.gonext.host.abi.LogLevels;
import io.gonext.host.abi.PluginAccess;
import io.gonext.host.abi.PluginLog;
import io.gonext.host.audit.AuditLog;
import io.gonext.host.audit.PluginAudit;
import io.gonext.host.capability.Grants;
import io.gonext.host.capability.Permissions;
import io.gonext.host.kv.KeyValues;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.InstantSource;

/** What the host keeps for the functions that plugins import. */
public record HostServices(
    Grants grants,
    AuditLog audit,
    KeyValues keyValues,
    LogLevels logLevels,
    MeterRegistry meters,
    InstantSource clock)
    implements AutoCloseable {
  /** What a version in service works with. */
  PluginAccess accessOf(Manifest manifest) {
    return access(manifest, grants.permissions(manifest), audit::offer, meters);
  }

  /**
   * What an instance works with that is only made to see whether it starts: it may do nothing, and
   * what it tries is nobody's business yet.
   */
  PluginAccess trialOf(Manifest manifest) {
    return access(
        manifest,
        Permissions.none(),
        (plugin, version, event, actor, detail) -> true,
        new CompositeMeterRegistry());
  }

  private PluginAccess access(
      Manifest manifest, Permissions permissions, PluginAudit.Sink sink, MeterRegistry counters) {
    return new PluginAccess(
        manifest,
        grants.registry(),
        permissions,
        new PluginLog(manifest.name(), System::nanoTime, () -> logLevels.of(manifest.name())),
        new PluginAudit(
            sink, counters, manifest.name(), manifest.version().toString(), System::nanoTime),
        keyValues.of(manifest),
        clock);
  }

  /** Ends what runs in the background; the store is to be closed after it. */
  @Override
  public void close() {
    keyValues.close();
    audit.close();
  }
}
