package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.jobs.JobRunner;
import io.gonext.host.internal.lifecycle.CallGuards;
import io.gonext.host.internal.lifecycle.CallRecorders;
import io.gonext.host.internal.lifecycle.HostServices;
import io.gonext.host.internal.lifecycle.KeptInputs;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.NodePresence;
import io.gonext.host.internal.lifecycle.StoreWatch;
import io.gonext.host.internal.lifecycle.TrustGate;
import io.gonext.host.internal.log.PluginLogs;
import io.gonext.host.internal.service.app.AppService;
import io.gonext.host.internal.service.audit.AuditService;
import io.gonext.host.internal.service.cache.CacheService;
import io.gonext.host.internal.service.cache.Outbox;
import io.gonext.host.internal.service.config.ConfigService;
import io.gonext.host.internal.service.config.Configurations;
import io.gonext.host.internal.service.db.DatabaseService;
import io.gonext.host.internal.service.events.EventDispatch;
import io.gonext.host.internal.service.events.EventService;
import io.gonext.host.internal.service.http.HttpService;
import io.gonext.host.internal.service.i18n.I18nService;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.service.jobs.JobService;
import io.gonext.host.internal.service.jobs.StoreClock;
import io.gonext.host.internal.service.jobs.StoredEvent;
import io.gonext.host.internal.service.kv.KeyValueService;
import io.gonext.host.internal.service.log.LogService;
import io.gonext.host.internal.service.metrics.MetricService;
import io.gonext.host.internal.service.runtime.RuntimeService;
import io.gonext.host.internal.service.secrets.SecretService;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.internal.service.trace.SpanService;
import io.gonext.host.internal.store.HostKey;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Version;
import io.gonext.host.registry.OciClient;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Opens a host: its parts in the order in which they need one another. Where one of them cannot be
 * opened, those before it are closed again, last first.
 */
final class HostOpening implements AutoCloseable {
  /** The most that compiled modules may take on disk. */
  static final long COMPILE_CACHE_BYTES = 256L * 1024 * 1024;

  private final Deque<Runnable> undo = new ArrayDeque<>();

  private HostOpening() {}

  /**
   * @param storeClock by which the store's time advances between two looks at it
   */
  static Host open(HostConfig config, @Nullable CompileCache compiled, LongSupplier storeClock)
      throws InterruptedException {
    return open(config, compiled, null, storeClock);
  }

  /** See {@link Host#open(HostConfig, CompileCache, Engine)}. */
  static Host open(
      HostConfig config,
      @Nullable CompileCache compiled,
      @Nullable Engine shared,
      LongSupplier storeClock)
      throws InterruptedException {
    EarlyClasses.initialize();
    try (HostOpening opening = new HostOpening()) {
      Host host = opening.opened(config, compiled, shared, storeClock);
      host.start();
      opening.undo.clear();
      return host;
    }
  }

  /** See {@link Host#openIdle}. */
  static Host openIdle(HostConfig config) {
    EarlyClasses.initialize();
    try (HostOpening opening = new HostOpening()) {
      Host host = opening.opened(config, null, null, System::nanoTime);
      opening.undo.clear();
      return host;
    }
  }

  private Host opened(
      HostConfig config,
      @Nullable CompileCache compiled,
      @Nullable Engine shared,
      LongSupplier storeClock) {
    InstantSource wallClock = config.clock().orElseGet(InstantSource::system);
    PluginStore store = PluginStore.open(config.dataDirectory(), config.database());
    undo.push(store::close);
    CompileCache cache = compiled == null ? compileCache(config) : compiled;
    Engine engine =
        shared != null
            ? shared
            : Engine.withCache(
                config.engineLimits(),
                cache,
                wallClock,
                config.random().orElseGet(SecureRandom::new));
    if (shared == null) {
      undo.push(engine::close);
    }
    TrustGate trust = config.trustGate(wallClock);
    HostMetrics metrics =
        new HostMetrics(config.meters(), engine, cache, store, trust, config.dataDirectory());
    undo.push(metrics::close);
    Configurations configurations = new Configurations(store.configurations());
    JobStore jobStore = store.jobs();
    JobQueue jobs =
        new JobQueue(
            jobStore,
            config.jobs(),
            config.clock().isPresent()
                ? StoreClock.of(config.clock().get())
                : new StoreClock(jobStore::now, storeClock));
    Vault vault = Vault.open(store.secrets(), config.masterKeys());
    config.functions().forEach(config.capabilities()::offer);
    LongSupplier nanoTime = System::nanoTime;
    HookBus hooks =
        new HookBus(
            config.meters(),
            config.telemetry(),
            config.limits().chain(),
            config.limits().call(),
            nanoTime);
    hooks.addCalled(config.hooks());
    Outbox outbox = new Outbox(store.cache(), wallClock);
    CacheService invalidations =
        new CacheService(outbox, config.meters(), config.telemetry(), nanoTime);
    EventDispatch events =
        new EventDispatch(
            hooks,
            config.eventListeners(),
            config.meters(),
            config.telemetry(),
            Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("gonext-event-", 0).factory()),
            nanoTime);
    PluginDatabases pluginDatabases = store.pluginDatabases();
    JobService jobService = new JobService(jobs, pluginDatabases, nanoTime);
    HttpService fetches =
        new HttpService(
            config.egress(),
            config.network(),
            vault::value,
            config.meters(),
            hooks.series(),
            config.telemetry(),
            System::nanoTime);
    HostServices services =
        new HostServices(
            AbiTable.v1(),
            List.of(
                new RuntimeService(),
                new LogService(),
                new AuditService(),
                new ConfigService(configurations),
                new SecretService(vault),
                new AppService(
                    config.functions(), config.meters(), config.telemetry(), System::nanoTime),
                fetches,
                new DatabaseService(
                    pluginDatabases,
                    config.databaseBytes(),
                    config.updates().migrations(),
                    jobService::enqueueInBatch,
                    config.meters(),
                    config.telemetry(),
                    System::nanoTime),
                new KeyValueService(store.keyValues(), config.keyValues()),
                new EventService(events, jobService::store, nanoTime),
                invalidations,
                new MetricService(config.meters()),
                new SpanService(config.telemetry()),
                jobService,
                new I18nService(config.meters())),
            new Grants(store.grants(), config.capabilities()),
            new AuditLog(store.audit(), config.meters(), wallClock),
            new PluginLogs(wallClock, config.logsPlugins()),
            config.meters(),
            wallClock);
    undo.push(services::close);
    CallRecorders recorders = new CallRecorders(Host.version(), wallClock, vault::valuesAsOfNow);
    Lifecycle lifecycle =
        Lifecycle.of(
            store,
            new Lifecycle.Parts(
                engine,
                hooks,
                config.meters(),
                services,
                new CallGuards(config.routeRate(), config.clientRate(), config.breaker(), nanoTime),
                config.verifiesResets(),
                config.countsBlocks(),
                config.jobs().longest(),
                new KeptInputs(
                    store.recentInputs(),
                    vault,
                    store.isShared(),
                    !config.warmUp().isZero(),
                    nanoTime),
                trust,
                recorders),
            config.limits(),
            config.updates(),
            // A plugin for 1.2 runs on a preview of it; npm's rules would say no.
            Version.parse(Host.version()).release());
    undo.push(() -> stop(lifecycle));
    JobRunner jobRunner =
        new JobRunner(
            jobs,
            lifecycle,
            new JobRunner.Parts(
                hooks,
                (plugin, action, args) ->
                    StoredEvent.isOne(action)
                        ? events.deliverStored(
                            StoredEvent.of(plugin, args), StoredEvent.depth(args))
                        : hooks.doAction(action, args),
                services.logs(),
                config.meters(),
                config.telemetry(),
                RandomGenerator.getDefault()));
    undo.push(jobRunner::close);
    jobs.runBy(jobRunner);
    NodePresence presence =
        new NodePresence(
            store.nodes(),
            jobRunner.node(),
            Host.version(),
            lifecycle::faults,
            () -> lifecycle.compiling().size(),
            nanoTime);
    StoreWatch watch = StoreWatch.of(store, lifecycle, config.meters(), presence, outbox::look);
    undo.push(watch::close);
    return new Host(
        store,
        shared == null ? engine : null,
        metrics,
        hooks,
        lifecycle,
        services,
        watch,
        presence,
        configurations,
        vault,
        jobs,
        jobRunner,
        config.functions(),
        new CacheInvalidations(outbox),
        new OciClient(config.registries()),
        recorders,
        new Fixtures(lifecycle, store.keyValues(), config.keyValues(), pluginDatabases),
        next -> {
          lifecycle.changeRates(next.routeRate(), next.clientRate());
          fetches.change(next.egress());
          jobs.changeBounds(next.jobs().perMinute(), next.jobs().waiting());
        },
        () -> {
          lifecycle.warmUp(lifecycle.startActive(), config.warmUp());
          invalidations.follow(
              config.cacheListeners(), config.dataDirectory().resolve("cache.position"));
          watch.start();
        });
  }

  @Override
  public void close() {
    undo.forEach(Runnable::run);
  }

  private static void stop(Lifecycle lifecycle) {
    try {
      lifecycle.stopAll(Duration.ZERO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static CompileCache compileCache(HostConfig config) {
    Path directory = config.dataDirectory().resolve("compiled");
    try {
      return CompileCache.open(directory, HostKey.of(config.dataDirectory()), COMPILE_CACHE_BYTES);
    } catch (IOException e) {
      throw new StoreException(
          "the compile cache " + directory + " cannot be used: " + e.getMessage(), e);
    }
  }
}
