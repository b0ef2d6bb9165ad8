package io.gonext.host.internal.lifecycle;

import io.gonext.host.internal.abi.PluginAccess;
import io.gonext.host.internal.abi.PluginLog;
import io.gonext.host.internal.abi.PluginLogs;
import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.kv.KeyValues;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.InstantSource;

/** What the host keeps for the functions that plugins import. */
public record HostServices(
    Grants grants,
    AuditLog audit,
    KeyValues keyValues,
    PluginLogs logs,
    MeterRegistry meters,
    InstantSource clock)
    implements AutoCloseable {
  /** What a version in service works with. */
  PluginAccess accessOf(Manifest manifest) {
    return new PluginAccess(
        manifest,
        grants.registry(),
        grants.permissions(manifest),
        logs.of(manifest.name()),
        audit(manifest, audit::offer, meters),
        keyValues.of(manifest),
        clock);
  }

  /**
   * What an instance works with that is only made to see whether it starts: it may do nothing, and
   * what it tries is nobody's business yet.
   */
  PluginAccess trialOf(Manifest manifest) {
    return new PluginAccess(
        manifest,
        grants.registry(),
        Permissions.none(),
        logs.of(manifest.name()),
        silent(manifest),
        keyValues.dryRunOf(manifest),
        clock);
  }

  /** What an instance works with that is only asked about itself: nothing it does has effects. */
  PluginAccess askedOf(Manifest manifest) {
    return new PluginAccess(
        manifest,
        grants.registry(),
        Permissions.none(),
        PluginLog.discarding(),
        silent(manifest),
        keyValues.dryRunOf(manifest),
        clock);
  }

  /** What a version works with that is exercised before it serves: nothing it does has effects. */
  PluginAccess dryRunOf(Manifest manifest) {
    return new PluginAccess(
        manifest,
        grants.registry(),
        grants.permissions(manifest),
        PluginLog.discarding(),
        silent(manifest),
        keyValues.dryRunOf(manifest),
        clock);
  }

  private static PluginAudit silent(Manifest manifest) {
    return audit(
        manifest, (plugin, version, event, actor, detail) -> true, new CompositeMeterRegistry());
  }

  private static PluginAudit audit(
      Manifest manifest, PluginAudit.Sink sink, MeterRegistry counters) {
    return new PluginAudit(
        sink, counters, manifest.name(), manifest.version().toString(), System::nanoTime);
  }

  /** Ends what runs in the background; the store is to be closed after it. */
  @Override
  public void close() {
    keyValues.close();
    audit.close();
  }
}
