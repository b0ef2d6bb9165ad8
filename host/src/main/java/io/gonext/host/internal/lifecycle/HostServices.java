package io.gonext.host.internal.lifecycle;

import io.gonext.engine.HostFunction;
import io.gonext.host.ActivationException;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.log.PluginLog;
import io.gonext.host.internal.log.PluginLogs;
import io.gonext.host.internal.service.HostFunctions;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import java.time.InstantSource;
import java.util.List;

/**
 * What plugins of a host share: the functions that they may import, and what these work with.
 *
 * @param table the rows that the services are bound to
 * @param services one for each kind of function; closed with this
 */
public record HostServices(
    AbiTable table,
    List<HostService> services,
    Grants grants,
    AuditLog audit,
    PluginLogs logs,
    MeterRegistry meters,
    InstantSource clock)
    implements AutoCloseable {
  public HostServices {
    services = List.copyOf(services);
  }

  /** What a version's functions work with, for instances of one kind. */
  PluginScope scope(Bundle bundle, PluginScope.Mode mode) {
    Manifest manifest = bundle.manifest();
    return new PluginScope(
        manifest,
        bundle.locales(),
        mode,
        mode.isPermitted() ? grants.permissions(manifest) : Permissions.none(),
        mode.isLogging() ? logs.of(manifest.name()) : PluginLog.discarding(),
        mode.hasEffects() ? audit(manifest, audit::offer, meters) : silent(manifest),
        clock);
  }

  /** All functions of the table as one version gets them. */
  List<HostFunction> functions(PluginScope scope) {
    return HostFunctions.of(table, services, scope);
  }

  /** What a manifest requests from the services and does not get, a sentence each. */
  List<String> warnings(Manifest manifest) {
    return services.stream().flatMap(service -> service.warnings(manifest).stream()).toList();
  }

  /** See {@link HostService#prepare}. */
  void prepare(Bundle bundle) {
    PluginScope scope = scope(bundle, PluginScope.Mode.SERVING);
    services.forEach(service -> service.prepare(scope, bundle));
  }

  /** See {@link HostService#refresh}. */
  void refresh(String plugin) {
    services.forEach(service -> service.refresh(plugin));
  }

  /** See {@link HostService#serves}. */
  void serves(Manifest manifest) {
    services.forEach(service -> service.serves(manifest));
  }

  /** See {@link HostService#left}. */
  void left(String plugin) {
    services.forEach(service -> service.left(plugin));
  }

  /** See {@link HostService#forget}. */
  void forget(String plugin) {
    services.forEach(service -> service.forget(plugin));
  }

  /** See {@link HostService#obstacles}. */
  List<String> obstacles(Manifest manifest) {
    return services.stream().flatMap(service -> service.obstacles(manifest).stream()).toList();
  }

  /**
   * Refuses a version that cannot serve yet.
   *
   * @param advice what else an operator can do, after a semicolon; may be empty
   */
  void requireNoObstacles(Manifest manifest, String advice) {
    List<String> obstacles = obstacles(manifest);
    if (!obstacles.isEmpty()) {
      throw new ActivationException(
          manifest.id() + " cannot serve yet: " + String.join("; ", obstacles) + advice, null);
    }
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

  /** Ends what runs in the background. Close the store after this. */
  @Override
  public void close() {
    services.forEach(HostService::close);
    audit.close();
  }
}
