package io.gonext.host;

import io.gonext.engine.EngineLimits;
import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.lifecycle.BreakerPolicy;
import io.gonext.host.lifecycle.OperatorLimits;
import io.gonext.host.lifecycle.UpdatePolicy;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteRate;
import io.gonext.host.store.Database;
import io.gonext.host.store.KeyValueQuota;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.util.Set;

/**
 * How a {@link Host} is set up.
 *
 * @param dataDirectory holds the host's key, compiled modules and the embedded store; created where
 *     it does not exist; one process at a time
 * @param database holds the store; hosts that share one serve the same plugins
 * @param limits the most a plugin may have
 * @param updates how one version takes the place of another
 * @param meters where the host counts
 * @param capabilities what plugins may ask for; the embedding application may register its own
 *     here. What is registered later can be asked for from then on; but it has to stand here when
 *     the host is next opened, or a plugin that asks for it cannot start
 * @param telemetry where the spans of hooks go; {@link OpenTelemetry#noop} for nowhere, which costs
 *     nothing
 * @param routeRate how many requests the routes of each plugin take
 * @param clientRate how many of them one client has; see {@link Host#serve(String, PluginRequest,
 *     String)}
 * @param breaker when a hook or route of a plugin that keeps failing is not called; a manifest may
 *     have it open sooner
 * @param keyValues the most that the key-value entries of one plugin may take
 * @param engineLimits what a plugin's module may be at most; what its instances may have is in
 *     {@code limits}
 * @param verifiesResets whether an instance is compared with its snapshot after each reset, which
 *     ends each lease under {@code fresh} isolation, and replaced where anything differs, with the
 *     first difference in the log: for finding a fault of the engine, at the price of a copy of the
 *     instance a call
 * @param hooks names the embedding application calls, so that a plugin that misspells one can be
 *     told; others may be called, too
 */
public record HostConfig(
    Path dataDirectory,
    Database database,
    OperatorLimits limits,
    UpdatePolicy updates,
    MeterRegistry meters,
    CapabilityRegistry capabilities,
    OpenTelemetry telemetry,
    RouteRate routeRate,
    RouteRate clientRate,
    BreakerPolicy breaker,
    KeyValueQuota keyValues,
    EngineLimits engineLimits,
    boolean verifiesResets,
    Set<String> hooks) {
  /** Copies the set. */
  public HostConfig {
    hooks = Set.copyOf(hooks);
  }

  /**
   * The embedded store, the default limits and capabilities, counting into a registry of its own,
   * no spans.
   */
  public static HostConfig of(Path dataDirectory) {
    return new HostConfig(
        dataDirectory,
        Database.embedded(),
        OperatorLimits.defaults(),
        UpdatePolicy.defaults(),
        new SimpleMeterRegistry(),
        CapabilityRegistry.standard(),
        OpenTelemetry.noop(),
        RouteRate.DEFAULT,
        RouteRate.UNLIMITED,
        BreakerPolicy.DEFAULT,
        KeyValueQuota.defaults(),
        EngineLimits.defaults(),
        false,
        Set.of());
  }

  public HostConfig withDatabase(Database newDatabase) {
    return new HostConfig(
        dataDirectory,
        newDatabase,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withLimits(OperatorLimits newLimits) {
    return new HostConfig(
        dataDirectory,
        database,
        newLimits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withUpdates(UpdatePolicy newUpdates) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        newUpdates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withMeters(MeterRegistry newMeters) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        newMeters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withCapabilities(CapabilityRegistry newCapabilities) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        newCapabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withTelemetry(OpenTelemetry newTelemetry) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        newTelemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withRouteRate(RouteRate newRouteRate) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        newRouteRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withClientRate(RouteRate newClientRate) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        newClientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withBreaker(BreakerPolicy newBreaker) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        newBreaker,
        keyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withKeyValues(KeyValueQuota newKeyValues) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        newKeyValues,
        engineLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withEngineLimits(EngineLimits newLimits) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        newLimits,
        verifiesResets,
        hooks);
  }

  public HostConfig withVerifiedResets(boolean verified) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verified,
        hooks);
  }

  public HostConfig withHooks(Set<String> newHooks) {
    return new HostConfig(
        dataDirectory,
        database,
        limits,
        updates,
        meters,
        capabilities,
        telemetry,
        routeRate,
        clientRate,
        breaker,
        keyValues,
        engineLimits,
        verifiesResets,
        newHooks);
  }
}
