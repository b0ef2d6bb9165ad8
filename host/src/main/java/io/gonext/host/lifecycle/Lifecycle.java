package io.gonext.host.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.abi.GuestAbi;
import io.gonext.host.abi.HostImports;
import io.gonext.host.abi.PluginAccess;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.failure.HostException;
import io.gonext.host.failure.UnknownPluginException;
import io.gonext.host.hook.HookBus;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Dependency;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.host.store.PluginState;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredPlugin;
import io.gonext.pool.InstancePool;
import io.gonext.pool.PoolConfig;
import io.gonext.pool.PoolRuntime;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.semver4j.Semver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Installs plugins and puts them in and out of service. The store decides: a plugin serves only
 * while the store says ACTIVE, and a change that fails leaves the store and the plugin as they
 * were.
 *
 * <p>Thread-safe; one change at a time.
 */
public final class Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

  /** How long calls that are running may take to finish when a plugin goes out of service. */
  private static final Duration DRAIN = Duration.ofSeconds(30);

  private final PluginStore store;
  private final Engine engine;
  private final HookBus hooks;
  private final OperatorLimits limits;
  private final MeterRegistry meters;
  private final Semver hostVersion;
  private final HostServices services;

  /** One for all pools, so that they share one memory budget. */
  private final PoolRuntime poolRuntime = PoolRuntime.system();

  private final ReentrantLock changes = new ReentrantLock();

  /** By name. Written under {@link #changes}, read by every request. */
  private final Map<String, ActivePlugin> active = new ConcurrentHashMap<>();

  /**
   * Modules that installation compiled, by the bundle's SHA-256, until activation takes them.
   * Guarded by {@link #changes}.
   */
  private final Map<String, CompiledModule> compiled = new HashMap<>();

  public Lifecycle(
      PluginStore store,
      Engine engine,
      HookBus hooks,
      OperatorLimits limits,
      MeterRegistry meters,
      Semver hostVersion,
      HostServices services) {
    this.store = store;
    this.engine = engine;
    this.hooks = hooks;
    this.limits = limits;
    this.meters = meters;
    this.hostVersion = hostVersion;
    this.services = services;
  }

  /** All installed plugins, by name. */
  public List<StoredPlugin> list() {
    return store.list();
  }

  /**
   * The manifest of an installed plugin.
   *
   * @throws UnknownPluginException when there is none of that name
   */
  public Manifest manifest(String name) {
    ActivePlugin serving = active.get(name);
    return serving != null
        ? serving.manifest()
        : load(store.find(name).orElseThrow(() -> new UnknownPluginException(name))).manifest();
  }

  /** The plugin of that name, while it is in service. */
  public Optional<ActivePlugin> active(String name) {
    return Optional.ofNullable(active.get(name));
  }

  /** The plugins that are in service. */
  public List<ActivePlugin> active() {
    return List.copyOf(active.values());
  }

  /**
   * Checks a bundle, compiles its module, starts one instance to see that it does start, and stores
   * it. Installing never activates.
   *
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Bundle bundle) {
    changes.lock();
    try {
      Manifest manifest = bundle.manifest();
      Optional<StoredPlugin> installed = store.find(manifest.name());
      if (installed.isPresent()) {
        return alreadyInstalled(bundle, installed.get());
      }
      long begin = System.nanoTime();
      CheckedModule checked = check(bundle);
      Duration compileTime = Duration.ofNanos(System.nanoTime() - begin);
      boolean added =
          store.insert(
              new StoredPlugin(
                  manifest.name(),
                  manifest.version().toString(),
                  bundle.sha256(),
                  PluginState.INSTALLED),
              bundle.bytes());
      if (!added) {
        throw new ConflictException(manifest.name() + " was installed by someone else just now");
      }
      compiled.put(bundle.sha256(), checked.module);
      log.info("installed {} sha256:{}", manifest.id(), bundle.sha256());
      return new InstallResult(manifest, bundle.sha256(), false, compileTime, checked.warnings);
    } finally {
      changes.unlock();
    }
  }

  /**
   * Puts a plugin in service: pool warmed, hooks and routes live. A plugin that is in service stays
   * so.
   *
   * @throws ActivationException when it cannot start; it stays out of service
   */
  public void activate(String name) throws InterruptedException {
    changes.lockInterruptibly();
    try {
      StoredPlugin stored = store.find(name).orElseThrow(() -> new UnknownPluginException(name));
      if (active.containsKey(name)) {
        return;
      }
      Bundle bundle = load(stored);
      Optional<String> unmet = unmetDependency(bundle.manifest());
      if (unmet.isPresent()) {
        throw new ActivationException(unmet.get(), null);
      }
      ActivePlugin plugin = start(bundle);
      boolean moved = false;
      try {
        moved =
            stored.state() == PluginState.ACTIVE
                || store.changeState(name, stored.state(), PluginState.ACTIVE);
      } finally {
        if (!moved) {
          plugin.stop(Duration.ZERO);
        }
      }
      if (!moved) {
        throw new ConflictException(name + " was changed by someone else just now");
      }
      putInService(plugin);
    } finally {
      changes.unlock();
    }
  }

  /**
   * Takes a plugin out of service once its running calls have ended.
   *
   * @throws ConflictException when an active plugin depends on it, or it is not active
   */
  public void deactivate(String name) throws InterruptedException {
    changes.lockInterruptibly();
    try {
      ActivePlugin plugin = active.get(name);
      if (plugin == null) {
        throw store.find(name).isEmpty()
            ? new UnknownPluginException(name)
            : new ConflictException(name + " is not active");
      }
      for (ActivePlugin other : active.values()) {
        for (Dependency dependency : other.manifest().dependencies()) {
          if (dependency.name().equals(name)) {
            throw new ConflictException(
                other.manifest().name() + " needs " + name + ": deactivate it first");
          }
        }
      }
      if (!store.changeState(name, PluginState.ACTIVE, PluginState.INACTIVE)) {
        throw new ConflictException(name + " was changed by someone else just now");
      }
      hooks.removeAll(name);
      active.remove(name);
      plugin.stop(DRAIN);
      log.info("deactivated {}", plugin.manifest().id());
    } finally {
      changes.unlock();
    }
  }

  /**
   * Removes a plugin that is not in service.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String name) {
    changes.lock();
    try {
      StoredPlugin stored = store.find(name).orElseThrow(() -> new UnknownPluginException(name));
      if (active.containsKey(name)) {
        throw new ConflictException(name + " is active: deactivate it first");
      }
      store.delete(name);
      services.grants().forget(name);
      compiled.remove(stored.sha256());
      log.info("uninstalled {}@{}", name, stored.version());
    } finally {
      changes.unlock();
    }
  }

  /**
   * Puts every plugin in service that the store holds as ACTIVE. One that cannot start becomes
   * ERRORED and does not hold up the others.
   */
  public void startActive() throws InterruptedException {
    changes.lockInterruptibly();
    try {
      List<StoredPlugin> waiting =
          new ArrayList<>(
              store.list().stream().filter(p -> p.state() == PluginState.ACTIVE).toList());
      // Dependencies first: each round starts those whose dependencies stand.
      boolean progress = true;
      while (progress && !waiting.isEmpty()) {
        progress = false;
        for (StoredPlugin stored : List.copyOf(waiting)) {
          try {
            Bundle bundle = load(stored);
            if (unmetDependency(bundle.manifest()).isPresent()) {
              continue;
            }
            putInService(start(bundle));
          } catch (HostException e) {
            markErrored(stored, e.getMessage());
          }
          waiting.remove(stored);
          progress = true;
        }
      }
      for (StoredPlugin stored : waiting) {
        markErrored(stored, "what it depends on is not active");
      }
    } finally {
      changes.unlock();
    }
  }

  /** Lets running calls end, then gives up all instances. The store is left as it is. */
  public void stopAll(Duration patience) throws InterruptedException {
    changes.lockInterruptibly();
    try {
      long deadline = System.nanoTime() + patience.toNanos();
      for (ActivePlugin plugin : active.values()) {
        hooks.removeAll(plugin.manifest().name());
      }
      for (ActivePlugin plugin : List.copyOf(active.values())) {
        active.remove(plugin.manifest().name());
        plugin.stop(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
      }
    } finally {
      changes.unlock();
    }
  }

  private InstallResult alreadyInstalled(Bundle bundle, StoredPlugin installed) {
    if (!installed.sha256().equals(bundle.sha256())) {
      throw new ConflictException(
          installed.name()
              + "@"
              + installed.version()
              + " is installed from another bundle: uninstall it first");
    }
    return new InstallResult(bundle.manifest(), bundle.sha256(), true, Duration.ZERO, List.of());
  }

  private Bundle load(StoredPlugin stored) {
    return Bundle.read(
        store.bundle(stored.name()).orElseThrow(() -> new UnknownPluginException(stored.name())));
  }

  private ActivePlugin start(Bundle bundle) throws InterruptedException {
    Manifest manifest = bundle.manifest();
    CompiledModule ready = compiled.remove(bundle.sha256());
    CompiledModule module = ready == null ? check(bundle).module : ready;
    PluginAccess access = services.accessOf(manifest);
    InstancePool<GuestInstance> pool =
        new InstancePool<>(
            poolConfig(manifest),
            new GuestAllocator(module, instanceConfig(access), manifest.limits().isolation()),
            poolRuntime);
    ActivePlugin plugin =
        new ActivePlugin(manifest, pool, meters, limits.callOf(manifest), access.audit());
    plugin.start();
    return plugin;
  }

  private void putInService(ActivePlugin plugin) {
    Manifest manifest = plugin.manifest();
    for (Hook hook : manifest.filters()) {
      byte[] name = hook.name().getBytes(StandardCharsets.UTF_8);
      hooks.addFilter(
          manifest.name(),
          hook.name(),
          hook.priority(),
          (value, args, limit) -> plugin.filter(name, value, args, limit));
    }
    for (Hook hook : manifest.actions()) {
      byte[] name = hook.name().getBytes(StandardCharsets.UTF_8);
      hooks.addAction(
          manifest.name(),
          hook.name(),
          hook.priority(),
          (args, limit) -> plugin.act(name, args, limit));
    }
    active.put(manifest.name(), plugin);
    log.info("activated {}", manifest.id());
  }

  private void markErrored(StoredPlugin stored, String why) {
    log.error("{}@{} is not in service: {}", stored.name(), stored.version(), why);
    store.changeState(stored.name(), PluginState.ACTIVE, PluginState.ERRORED);
    services
        .audit()
        .record(
            stored.name(),
            stored.version(),
            "activate_failed",
            "host",
            JsonNodeFactory.instance.objectNode().put("reason", why));
  }

  /** Why what a plugin depends on is not there yet, or empty when it is. */
  private Optional<String> unmetDependency(Manifest manifest) {
    for (Dependency dependency : manifest.dependencies()) {
      ActivePlugin other = active.get(dependency.name());
      if (other == null) {
        return Optional.of(manifest.id() + " needs " + dependency.name() + ", which is not active");
      }
      if (!other.manifest().version().satisfies(dependency.versionRange())) {
        return Optional.of(
            manifest.id()
                + " needs "
                + dependency.name()
                + " "
                + dependency.versionRange()
                + ", active is "
                + other.manifest().version());
      }
    }
    return Optional.empty();
  }

  private record CheckedModule(CompiledModule module, List<String> warnings) {}

  /** All that can be known of a bundle without putting it in service. */
  private CheckedModule check(Bundle bundle) {
    Manifest manifest = bundle.manifest();
    manifest
        .requiredHost()
        .filter(range -> !hostVersion.satisfies(range))
        .ifPresent(range -> {
          throw new BundleRejectedException(
              manifest.id() + " requires host " + range + ", this is " + hostVersion);
        });
    CompiledModule module;
    try {
      module = engine.compile(bundle.module());
    } catch (EngineException e) {
      throw new BundleRejectedException(manifest.entry() + ": " + e.getMessage(), e);
    }
    List<String> problems =
        new ArrayList<>(HostImports.capabilityProblems(manifest, services.grants().registry()));
    problems.addAll(GuestAbi.exportProblems(module));
    HostImports.Check imports = HostImports.check(module, manifest);
    problems.addAll(imports.problems());
    if (!problems.isEmpty()) {
      throw new BundleRejectedException(
          manifest.entry() + " does not keep to the guest ABI: " + String.join("; ", problems));
    }
    try (GuestInstance trial = module.instantiate(instanceConfig(services.trialOf(manifest)))) {
      log.debug("{} starts: {} bytes an instance", manifest.id(), trial.weightBytes());
    } catch (EngineException e) {
      throw new BundleRejectedException(manifest.entry() + " does not start: " + e.getMessage(), e);
    }
    List<String> warnings = new ArrayList<>(imports.warnings());
    HugeMethods.warning(module.oversizedFunctions(), HugeMethods.areInterpreted())
        .ifPresent(warnings::add);
    warnings.forEach(warning -> log.warn("{}: {}", manifest.id(), warning));
    return new CheckedModule(module, warnings);
  }

  private InstanceConfig instanceConfig(PluginAccess access) {
    return InstanceConfig.defaults()
        .withHostFunctions(HostImports.functions(access))
        .withOutput((stream, line) -> access.log().write(Level.INFO, line))
        .withMaxMemoryPages(limits.memoryPagesOf(access.manifest()))
        .withStartTimeout(limits.start());
  }

  private PoolConfig poolConfig(Manifest manifest) {
    PoolConfig config =
        PoolConfig.defaults(manifest.name())
            .withMinInstances(limits.warmInstancesOf(manifest))
            .withMaxInstances(limits.instancesOf(manifest));
    if (manifest.limits().maxUses().isPresent()) {
      config = config.withMaxUses(manifest.limits().maxUses().getAsInt());
    }
    if (manifest.limits().maxAge().isPresent()) {
      config = config.withMaxAge(manifest.limits().maxAge().get());
    }
    if (manifest.limits().maxIdle().isPresent()) {
      config = config.withMaxIdleTime(manifest.limits().maxIdle().get());
    }
    return config;
  }
}
