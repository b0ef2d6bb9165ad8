package io.gonext.host.internal.lifecycle;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.guests.GuestBundle;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.Egress;
import io.gonext.host.HostConfig;
import io.gonext.host.JobPolicy;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.MasterKey;
import io.gonext.host.OperatorLimits;
import io.gonext.host.RouteRate;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.log.PluginLogs;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.app.AppService;
import io.gonext.host.internal.service.audit.AuditService;
import io.gonext.host.internal.service.cache.CacheService;
import io.gonext.host.internal.service.cache.Outbox;
import io.gonext.host.internal.service.config.ConfigService;
import io.gonext.host.internal.service.config.Configurations;
import io.gonext.host.internal.service.db.DatabaseService;
import io.gonext.host.internal.service.events.DurableEvents;
import io.gonext.host.internal.service.events.EventDispatch;
import io.gonext.host.internal.service.events.EventService;
import io.gonext.host.internal.service.http.HttpService;
import io.gonext.host.internal.service.i18n.I18nService;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.service.jobs.JobService;
import io.gonext.host.internal.service.jobs.StoreClock;
import io.gonext.host.internal.service.kv.KeyValueService;
import io.gonext.host.internal.service.log.LogService;
import io.gonext.host.internal.service.metrics.MetricService;
import io.gonext.host.internal.service.runtime.RuntimeService;
import io.gonext.host.internal.service.secrets.MasterKeys;
import io.gonext.host.internal.service.secrets.SecretService;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.internal.service.trace.SpanService;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Version;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verification;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** A lifecycle on a store of the test's own, with all that plugins are run with. */
public final class TestLifecycle implements AutoCloseable {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final HookBus hooks;
  private final Engine engine = new Engine(EngineLimits.defaults());
  private final HostServices services;
  private final Lifecycle lifecycle;

  /**
   * @param nanoTime for turns, breakers and limiters; guests are given deadlines on it, so that it
   *     is {@link System#nanoTime} or ahead of it
   */
  public TestLifecycle(PluginStore store, LongSupplier nanoTime) {
    this(
        store,
        new CallGuards(RouteRate.UNLIMITED, RouteRate.UNLIMITED, BreakerPolicy.DEFAULT, nanoTime));
  }

  TestLifecycle(PluginStore store, CallGuards guards) {
    this(store, guards, AbiTable.v1(), List.of());
  }

  /**
   * @param table with a row for each function of the services
   * @param more services beside those of every host
   */
  TestLifecycle(PluginStore store, CallGuards guards, AbiTable table, List<HostService> more) {
    hooks =
        new HookBus(
            meters,
            OpenTelemetry.noop(),
            Duration.ofSeconds(3),
            Duration.ofSeconds(1),
            guards.nanoTime());
    Vault vault =
        Vault.open(store.secrets(), new MasterKeys.Given(MasterKey.random(), Optional.empty()));
    services =
        new HostServices(
            table,
            Stream.concat(
                    Stream.of(
                        new RuntimeService(),
                        new LogService(),
                        new AuditService(),
                        new ConfigService(new Configurations(store.configurations())),
                        new SecretService(vault),
                        new AppService(List.of(), meters, OpenTelemetry.noop(), guards.nanoTime()),
                        new HttpService(
                            Egress.publicOnly(),
                            Optional.empty(),
                            vault::value,
                            meters,
                            hooks.series(),
                            OpenTelemetry.noop(),
                            guards.nanoTime()),
                        new KeyValueService(store.keyValues(), KeyValueQuota.defaults()),
                        new DatabaseService(
                            store.pluginDatabases(),
                            HostConfig.DEFAULT_DATABASE_BYTES,
                            UpdatePolicy.defaults().migrations(),
                            null,
                            meters,
                            OpenTelemetry.noop(),
                            guards.nanoTime()),
                        new EventService(
                            new EventDispatch(
                                hooks,
                                List.of(),
                                meters,
                                OpenTelemetry.noop(),
                                Executors.newVirtualThreadPerTaskExecutor(),
                                guards.nanoTime()),
                            DurableEvents.none(),
                            guards.nanoTime()),
                        new CacheService(
                            new Outbox(store.cache(), InstantSource.system()),
                            meters,
                            OpenTelemetry.noop(),
                            guards.nanoTime()),
                        new MetricService(meters),
                        new SpanService(OpenTelemetry.noop()),
                        new I18nService(meters),
                        new JobService(
                            new JobQueue(
                                store.jobs(),
                                JobPolicy.defaults(),
                                new StoreClock(store.jobs()::now, guards.nanoTime())),
                            store.pluginDatabases(),
                            guards.nanoTime())),
                    more.stream())
                .toList(),
            new Grants(store.grants(), CapabilityRegistry.standard()),
            new AuditLog(store.audit(), meters, InstantSource.system()),
            new PluginLogs(InstantSource.system(), true),
            meters,
            InstantSource.system());
    lifecycle =
        Lifecycle.of(
            store,
            new Lifecycle.Parts(
                engine,
                hooks,
                meters,
                services,
                guards,
                false,
                false,
                Duration.ofMinutes(5),
                new KeptInputs(store.recentInputs(), vault, true, true, guards.nanoTime()),
                TrustGate.of(TrustPolicy.none(), false, InstantSource.system(), meters),
                new CallRecorders("1.0.0", InstantSource.system(), plugin -> List::of)),
            OperatorLimits.defaults(),
            UpdatePolicy.development(),
            Version.parse("1.0.0"));
  }

  public Lifecycle lifecycle() {
    return lifecycle;
  }

  public HookBus hooks() {
    return hooks;
  }

  Grants grants() {
    return services.grants();
  }

  public AuditLog audit() {
    return services.audit();
  }

  /** A bundle without signatures, as it comes in. */
  public static Delivered delivered(byte[] bundle) {
    return new Delivered(
        Bundle.read(bundle), new Verification(bundle, List.of()), "upload", false, null, false);
  }

  /** Installs and activates a guest that filters the hook {@code h}. */
  public void activate(String guest) throws InterruptedException {
    lifecycle.install(delivered(GuestBundle.of(guest).filter("h").bytes()));
    lifecycle.activate(guest);
  }

  /** Installs and activates a guest. */
  public void activate(GuestBundle bundle) throws InterruptedException {
    lifecycle.activate(lifecycle.install(delivered(bundle.bytes())).manifest().name());
  }

  public SimpleMeterRegistry meters() {
    return meters;
  }

  @Override
  public void close() {
    try {
      lifecycle.stopAll(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    engine.close();
    services.close();
  }
}
