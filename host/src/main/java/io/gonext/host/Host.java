package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.capability.Grants;
import io.gonext.host.capability.PluginGrants;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.failure.StoreException;
import io.gonext.host.failure.UnknownPluginException;
import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookBus;
import io.gonext.host.json.StrictJson;
import io.gonext.host.lifecycle.HostServices;
import io.gonext.host.lifecycle.InstallResult;
import io.gonext.host.lifecycle.Lifecycle;
import io.gonext.host.lifecycle.NodeFault;
import io.gonext.host.lifecycle.PluginSlot;
import io.gonext.host.lifecycle.StoreWatch;
import io.gonext.host.lifecycle.UpdateResult;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.store.HostKey;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredPlugin;
import io.gonext.pool.PoolStats;
import io.micrometer.core.instrument.FunctionCounter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToDoubleFunction;
import org.semver4j.Semver;
import tools.jackson.databind.JsonNode;

/**
 * A plugin host: the plugins of one data directory, compiled, warm and ready to be called.
 *
 * <p>Thread-safe. Calls block the calling thread, which may be a virtual one, for as long as the
 * plugins they reach may take.
 */
public final class Host implements AutoCloseable {
  /** How long {@link #close()} lets running calls finish. */
  private static final Duration DRAIN = Duration.ofSeconds(30);

  /** The most that compiled modules may take on disk. */
  private static final long COMPILE_CACHE_BYTES = 256L * 1024 * 1024;

  /** Who acts when someone calls this class. */
  private static final String OPERATOR = "operator";

  private final PluginStore store;
  private final Engine engine;
  private final HookBus hooks;
  private final Lifecycle lifecycle;
  private final HostServices services;
  private final StoreWatch watch;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Host(
      PluginStore store,
      Engine engine,
      HookBus hooks,
      Lifecycle lifecycle,
      HostServices services,
      StoreWatch watch) {
    this.store = store;
    this.engine = engine;
    this.hooks = hooks;
    this.lifecycle = lifecycle;
    this.services = services;
    this.watch = watch;
  }

  /** Opens the host of a data directory with the default limits. */
  public static Host open(Path dataDirectory) throws InterruptedException {
    return open(HostConfig.of(dataDirectory));
  }

  /**
   * Opens a host and puts the plugins in service that were active when it was last closed.
   *
   * @throws StoreException when the data directory or the database cannot be used
   */
  public static Host open(HostConfig config) throws InterruptedException {
    PluginStore store = PluginStore.open(config.dataDirectory(), config.database());
    Engine engine;
    try {
      engine = Engine.withCache(EngineLimits.defaults(), compileCache(config));
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
    HostServices services =
        new HostServices(new Grants(store.grants(), config.capabilities()), InstantSource.system());
    HookBus hooks = new HookBus(config.meters(), config.limits().chain());
    Lifecycle lifecycle =
        Lifecycle.of(
            store,
            new Lifecycle.Parts(engine, hooks, config.meters(), services),
            config.limits(),
            config.updates(),
            new Semver(version()));
    try {
      lifecycle.startActive();
    } catch (RuntimeException | InterruptedException e) {
      engine.close();
      store.close();
      throw e;
    }
    return new Host(store, engine, hooks, lifecycle, services, StoreWatch.start(store, lifecycle));
  }

  private static CompileCache compileCache(HostConfig config) {
    Path directory = config.dataDirectory().resolve("compiled");
    CompileCache cache;
    try {
      cache = CompileCache.open(directory, HostKey.of(config.dataDirectory()), COMPILE_CACHE_BYTES);
    } catch (IOException e) {
      throw new StoreException(
          "the compile cache " + directory + " cannot be used: " + e.getMessage(), e);
    }
    count(config, cache, "hit", CompileCache.Statistics::hits);
    count(config, cache, "miss", CompileCache.Statistics::misses);
    count(config, cache, "rejected", CompileCache.Statistics::rejected);
    return cache;
  }

  private static void count(
      HostConfig config,
      CompileCache cache,
      String result,
      ToDoubleFunction<CompileCache.Statistics> count) {
    FunctionCounter.builder(
            "gonext.engine.compile.cache", cache, c -> count.applyAsDouble(c.statistics()))
        .description("Look-ups of compiled modules on disk")
        .tag("result", result)
        .register(config.meters());
  }

  /** The version of this host, a semantic version. */
  public static String version() {
    Properties properties = new Properties();
    try (var in = Host.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }

  /**
   * Installs a bundle; it is not active yet and was granted nothing. Installing the same bundle
   * again changes nothing.
   *
   * @throws BundleRejectedException when it is not acceptable; nothing is installed then
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Path bundle) {
    return lifecycle.install(Bundle.read(bundle));
  }

  /** Installs a bundle that is in memory; see {@link #install(Path)}. */
  public InstallResult install(byte[] bundle) {
    return lifecycle.install(Bundle.read(bundle.clone()));
  }

  /**
   * Puts an installed plugin in service, now and whenever the host is opened.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws ActivationException when it cannot start
   */
  public void activate(String plugin) throws InterruptedException {
    lifecycle.activate(plugin);
  }

  /**
   * Takes a plugin out of service; calls that are running end first, for 30 s at most.
   *
   * @throws ConflictException when it is not active, when it refuses, or when an active plugin
   *     needs it
   */
  public void deactivate(String plugin) throws InterruptedException {
    lifecycle.deactivate(plugin, false);
  }

  /**
   * As {@link #deactivate}, and first all plugins that need this one.
   *
   * @return what was taken out of service, in that order
   */
  public List<String> deactivateWithDependents(String plugin) throws InterruptedException {
    return lifecycle.deactivate(plugin, true);
  }

  /**
   * Makes a plugin INACTIVE that the host took out of service, so that it can be activated again.
   *
   * @throws ConflictException when it is not ERRORED
   */
  public void reset(String plugin) {
    lifecycle.reset(plugin);
  }

  /**
   * Puts another version in the place of the installed one, without a break when it is in service:
   * the new version is compiled, warmed and exercised first, and a failure leaves the old one as it
   * was. The old one is kept for a {@link #rollback}.
   *
   * @throws BundleRejectedException when the bundle is not acceptable
   * @throws ActivationException when the new version cannot start
   * @throws ConflictException when an active plugin needs another version than this one
   */
  public UpdateResult update(Path bundle) throws InterruptedException {
    return lifecycle.update(Bundle.read(bundle));
  }

  /** Updates to a bundle that is in memory; see {@link #update(Path)}. */
  public UpdateResult update(byte[] bundle) throws InterruptedException {
    return lifecycle.update(Bundle.read(bundle.clone()));
  }

  /**
   * Grants the version that waits what it asks for, and puts it in the place of the current one.
   *
   * @throws ConflictException when none waits
   */
  public UpdateResult approve(String plugin) throws InterruptedException {
    return lifecycle.approve(plugin, OPERATOR);
  }

  /**
   * Puts the version back that was replaced last.
   *
   * @throws ConflictException when it is not kept any more
   */
  public UpdateResult rollback(String plugin) throws InterruptedException {
    return lifecycle.rollback(plugin);
  }

  /**
   * Removes a plugin that is not in service.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String plugin) {
    lifecycle.uninstall(plugin);
  }

  /** The capabilities there are; the embedding application may register its own. */
  public CapabilityRegistry capabilities() {
    return services.grants().registry();
  }

  /**
   * What an installed plugin asks for and what it was granted.
   *
   * @throws UnknownPluginException when there is none of that name
   */
  public PluginGrants grants(String plugin) {
    return services.grants().of(lifecycle.manifest(plugin));
  }

  /**
   * Grants capabilities to the installed version of a plugin, for this and all later starts. A
   * version in service may use them from its next call on.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws ConflictException when it does not ask for one of them; nothing is granted then
   */
  public PluginGrants grant(String plugin, String... capabilities) {
    return services.grants().grant(lifecycle.manifest(plugin), List.of(capabilities), OPERATOR);
  }

  /**
   * Grants all that the installed version of a plugin asks for and nobody has decided on: what was
   * revoked stays revoked.
   *
   * @throws UnknownPluginException when there is none of that name
   */
  public PluginGrants grantRequested(String plugin) {
    return services.grants().grantUndecided(lifecycle.manifest(plugin), OPERATOR);
  }

  /**
   * Takes capabilities from the installed version of a plugin. While it is in service, its next
   * call of any of them is denied.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws ConflictException when it does not ask for one of them; nothing is revoked then
   */
  public PluginGrants revoke(String plugin, String... capabilities) {
    return services.grants().revoke(lifecycle.manifest(plugin), List.of(capabilities), OPERATOR);
  }

  /**
   * Whether a plugin is in service and has a capability at this moment: for what the embedding
   * application itself guards with a capability of its own.
   */
  public boolean mayUse(String plugin, String capability) {
    return lifecycle
        .active(plugin)
        .filter(active -> active.manifest().requests(capability))
        .map(active -> services.grants().permissions(active.manifest()))
        .filter(permissions -> permissions.allow(capabilities().mask(capability)))
        .isPresent();
  }

  /** All installed plugins, by name. */
  public List<StoredPlugin> plugins() {
    return lifecycle.list();
  }

  /**
   * What this host cannot do though the store says so, and other hosts on the same database may: it
   * tries again by itself. Empty on an embedded store, where such a plugin becomes ERRORED.
   */
  public List<NodeFault> faults() {
    return lifecycle.faults();
  }

  /** The numbers of one plugin's pool, while it is in service. */
  public Optional<PoolStats> pool(String plugin) {
    return lifecycle.active(plugin).map(PluginSlot::poolStats);
  }

  /** The numbers of the pools of all plugins in service, by plugin. */
  public Map<String, PoolStats> pools() {
    Map<String, PoolStats> pools = new TreeMap<>();
    for (PluginSlot plugin : lifecycle.active()) {
      pools.put(plugin.manifest().name(), plugin.poolStats());
    }
    return pools;
  }

  /**
   * Runs a value through the filters of a hook. A filter that fails leaves the value as it found it
   * and is named in the result.
   *
   * @param value anything with a JSON form
   * @throws IllegalArgumentException when the value or an argument has no JSON form
   */
  public FilterResult applyFilters(String hook, Object value, Object... args)
      throws InterruptedException {
    return hooks.applyFilters(hook, StrictJson.valueOf(value), json(args));
  }

  /** Tells the actions of a hook; see {@link #applyFilters} for the arguments. */
  public ActionResult doAction(String hook, Object... args) throws InterruptedException {
    return hooks.doAction(hook, json(args));
  }

  /**
   * Adds a filter of the embedding application, which runs among those of plugins.
   *
   * @param owner named in results, logs and metrics; not the name of a plugin
   */
  public void addFilter(String owner, String hook, int priority, FilterHandler handler) {
    hooks.addFilter(owner, hook, priority, handler);
  }

  /** Adds an action of the embedding application; see {@link #addFilter}. */
  public void addAction(String owner, String hook, int priority, ActionHandler handler) {
    hooks.addAction(owner, hook, priority, handler);
  }

  /**
   * Serves a request for a plugin's route.
   *
   * @throws IllegalArgumentException when the request's path is not percent-encoded UTF-8
   */
  public RouteOutcome serve(String plugin, PluginRequest request) throws InterruptedException {
    Optional<PluginSlot> target = lifecycle.active(plugin);
    return target.isPresent() ? target.get().serve(request) : new RouteOutcome.NotFound();
  }

  /**
   * Takes all plugins out of service, for 30 s at most, and closes the store. What was active is
   * active again when the host is next opened. Closing twice does nothing.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      watch.close();
      lifecycle.stopAll(DRAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      engine.close();
      store.close();
    }
  }

  private static List<JsonNode> json(Object[] args) {
    return Arrays.stream(args).map(StrictJson::valueOf).toList();
  }
}
