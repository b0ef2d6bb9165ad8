package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.failure.ChainFailedException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.failure.StoreException;
import io.gonext.host.failure.UnknownPluginException;
import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookBus;
import io.gonext.host.json.StrictJson;
import io.gonext.host.lifecycle.ActivePlugin;
import io.gonext.host.lifecycle.CallGuards;
import io.gonext.host.lifecycle.InstallResult;
import io.gonext.host.lifecycle.Lifecycle;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.store.HostKey;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredPlugin;
import io.gonext.pool.PoolStats;
import io.gonext.pool.Ticker;
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

  private final PluginStore store;
  private final Engine engine;
  private final HookBus hooks;
  private final Lifecycle lifecycle;
  private final AtomicBoolean closed = new AtomicBoolean();

  private Host(PluginStore store, Engine engine, HookBus hooks, Lifecycle lifecycle) {
    this.store = store;
    this.engine = engine;
    this.hooks = hooks;
    this.lifecycle = lifecycle;
  }

  /** Opens the host of a data directory with the default limits. */
  public static Host open(Path dataDirectory) throws InterruptedException {
    return open(HostConfig.of(dataDirectory));
  }

  /**
   * Opens a host and puts the plugins in service that were active when it was last closed.
   *
   * @throws StoreException when the data directory cannot be used
   */
  public static Host open(HostConfig config) throws InterruptedException {
    PluginStore store = PluginStore.open(config.dataDirectory());
    Engine engine;
    try {
      engine = Engine.withCache(EngineLimits.defaults(), compileCache(config));
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
    HookBus hooks =
        new HookBus(
            config.meters(),
            config.telemetry(),
            config.limits().chain(),
            config.limits().call(),
            Ticker.system());
    Lifecycle lifecycle =
        new Lifecycle(
            store,
            engine,
            hooks,
            config.limits(),
            config.meters(),
            new CallGuards(config.routeRate(), Ticker.system()),
            new Semver(version()),
            InstantSource.system());
    Host host = new Host(store, engine, hooks, lifecycle);
    try {
      lifecycle.startActive();
    } catch (RuntimeException | InterruptedException e) {
      engine.close();
      store.close();
      throw e;
    }
    return host;
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
   * Installs a bundle; it is not active yet. Installing the same bundle again changes nothing.
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
   * @throws ConflictException when it is not active or an active plugin needs it
   */
  public void deactivate(String plugin) throws InterruptedException {
    lifecycle.deactivate(plugin);
  }

  /**
   * Removes a plugin that is not in service.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String plugin) {
    lifecycle.uninstall(plugin);
  }

  /** All installed plugins, by name. */
  public List<StoredPlugin> plugins() {
    return lifecycle.list();
  }

  /**
   * What is wrong with plugins that are to be in service, by plugin: ERRORED with its cause, or
   * behind an open circuit breaker. Empty when all is well.
   */
  public Map<String, String> troubles() {
    return lifecycle.troubles();
  }

  /** The numbers of one plugin's pool, while it is in service. */
  public Optional<PoolStats> pool(String plugin) {
    return lifecycle.active(plugin).map(ActivePlugin::poolStats);
  }

  /** The numbers of the pools of all plugins in service, by plugin. */
  public Map<String, PoolStats> pools() {
    Map<String, PoolStats> pools = new TreeMap<>();
    for (ActivePlugin plugin : lifecycle.active()) {
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

  /**
   * As {@link #applyFilters(String, Object, Object...)}, with options.
   *
   * @throws ChainFailedException when a filter failed and the options say so
   */
  public FilterResult applyFilters(CallOptions options, String hook, Object value, Object... args)
      throws InterruptedException {
    return hooks.applyFilters(options, hook, StrictJson.valueOf(value), json(args));
  }

  /**
   * Runs many values through the filters of a hook, with the results that {@link #applyFilters}
   * would have for each, under one deadline. A filter whose manifest says {@code "batch": true} is
   * given them all at once, which saves a checkout and a crossing for each; if it fails, all of
   * them pass it unchanged.
   */
  public BatchResult applyFiltersBatch(String hook, List<?> values, Object... args)
      throws InterruptedException {
    return applyFiltersBatch(CallOptions.DEFAULT, hook, values, args);
  }

  /**
   * As {@link #applyFiltersBatch(String, List, Object...)}, with options.
   *
   * @throws ChainFailedException when a filter failed and the options say so
   */
  public BatchResult applyFiltersBatch(
      CallOptions options, String hook, List<?> values, Object... args)
      throws InterruptedException {
    return hooks.applyFiltersBatch(options, hook, json(values.toArray()), json(args));
  }

  /** Tells the actions of a hook; see {@link #applyFilters} for the arguments. */
  public ActionResult doAction(String hook, Object... args) throws InterruptedException {
    return hooks.doAction(hook, json(args));
  }

  /**
   * As {@link #doAction(String, Object...)}, with options.
   *
   * @throws ChainFailedException when an action failed and the options say so; those before it were
   *     told
   */
  public ActionResult doAction(CallOptions options, String hook, Object... args)
      throws InterruptedException {
    return hooks.doAction(options, hook, json(args));
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
    Optional<ActivePlugin> target = lifecycle.active(plugin);
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
      lifecycle.stopAll(DRAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      engine.close();
      store.close();
    }
  }

  private static List<JsonNode> json(Object[] args) {
    return args.length == 0 ? List.of() : Arrays.stream(args).map(StrictJson::valueOf).toList();
  }
}
