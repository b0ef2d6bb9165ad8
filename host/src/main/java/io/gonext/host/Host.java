package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.host.abi.LogListener;
import io.gonext.host.abi.PluginLogs;
import io.gonext.host.audit.AuditLog;
import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.capability.Grants;
import io.gonext.host.capability.PluginGrants;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.failure.ChainFailedException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.failure.HostException;
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
import io.gonext.host.kv.KeyValues;
import io.gonext.host.lifecycle.CallGuards;
import io.gonext.host.lifecycle.DevelopResult;
import io.gonext.host.lifecycle.HostServices;
import io.gonext.host.lifecycle.InstallResult;
import io.gonext.host.lifecycle.Lifecycle;
import io.gonext.host.lifecycle.NodeFault;
import io.gonext.host.lifecycle.PluginSlot;
import io.gonext.host.lifecycle.StoreWatch;
import io.gonext.host.lifecycle.UpdateResult;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Vocabulary;
import io.gonext.host.route.PluginRequest;
import io.gonext.host.route.RouteOutcome;
import io.gonext.host.store.AuditRow;
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
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.semver4j.Semver;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

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

  /** Who acts when an author's tool uploads. */
  private static final String DEVELOPER = "developer";

  private final PluginStore store;
  private final Engine engine;
  private final HookBus hooks;
  private final Lifecycle lifecycle;
  private final HostServices services;
  private final StoreWatch watch;

  /** Hooks of the embedding application, for those who misspell one. */
  private final Set<String> knownHooks = ConcurrentHashMap.newKeySet();

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
        new HostServices(
            new Grants(store.grants(), config.capabilities()),
            new AuditLog(store.audit(), config.meters(), InstantSource.system()),
            new KeyValues(store.keyValues(), config.keyValues()),
            new PluginLogs(),
            config.meters(),
            InstantSource.system());
    HookBus hooks =
        new HookBus(
            config.meters(),
            config.telemetry(),
            config.limits().chain(),
            config.limits().call(),
            Ticker.system());
    Lifecycle lifecycle =
        Lifecycle.of(
            store,
            new Lifecycle.Parts(
                engine,
                hooks,
                config.meters(),
                services,
                new CallGuards(config.routeRate(), Ticker.system())),
            config.limits(),
            config.updates(),
            // A plugin for 1.2 runs on a preview of it; npm's rules would say no.
            new Semver(version()).withClearedPreReleaseAndBuild());
    try {
      lifecycle.startActive();
    } catch (RuntimeException | InterruptedException e) {
      engine.close();
      services.close();
      store.close();
      throw e;
    }
    Host host =
        new Host(store, engine, hooks, lifecycle, services, StoreWatch.start(store, lifecycle));
    host.knownHooks.addAll(config.hooks());
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
   * Installs a bundle; it is not active yet and was granted nothing. Installing the same bundle
   * again changes nothing.
   *
   * @throws BundleRejectedException when it is not acceptable; nothing is installed then
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Path bundle) {
    return install(() -> Bundle.read(bundle, vocabulary()));
  }

  /** Installs a bundle that is in memory; see {@link #install(Path)}. */
  public InstallResult install(byte[] bundle) {
    return install(() -> Bundle.read(bundle.clone(), vocabulary()));
  }

  private UpdateResult update(Supplier<Bundle> reader) throws InterruptedException {
    Bundle bundle;
    try {
      bundle = reader.get();
    } catch (BundleRejectedException e) {
      refused("", "", "update_refused", e);
      throw e;
    }
    Manifest manifest = bundle.manifest();
    try {
      UpdateResult result = lifecycle.update(bundle);
      record(manifest.name(), "update", result);
      return result;
    } catch (BundleRejectedException e) {
      refused(manifest.name(), manifest.version().toString(), "update_refused", e);
      throw e;
    }
  }

  private InstallResult install(Supplier<Bundle> reader) {
    String plugin = "";
    String version = "";
    try {
      Bundle bundle = reader.get();
      plugin = bundle.manifest().name();
      version = bundle.manifest().version().toString();
      List<String> slips = vocabulary().hookWarnings(bundle.manifest());
      InstallResult installed = lifecycle.install(bundle).withWarnings(slips);
      if (!installed.unchanged()) {
        ObjectNode detail = JsonNodeFactory.instance.objectNode();
        detail.put("sha256", installed.sha256());
        detail.set("requested", StrictJson.valueOf(bundle.manifest().requestedCapabilities()));
        services.audit().record(plugin, version, "install", OPERATOR, detail);
      }
      return installed;
    } catch (BundleRejectedException e) {
      refused(plugin, version, "install_refused", e);
      throw e;
    }
  }

  /**
   * Puts an installed plugin in service, now and whenever the host is opened.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws ActivationException when it cannot start
   */
  public void activate(String plugin) throws InterruptedException {
    boolean wasActive = lifecycle.active(plugin).isPresent();
    try {
      lifecycle.activate(plugin);
    } catch (ActivationException e) {
      record(plugin, "activate_failed", reason(e));
      throw e;
    }
    if (!wasActive) {
      record(plugin, "activate", JsonNodeFactory.instance.objectNode());
    }
  }

  /**
   * Takes a plugin out of service; calls that are running end first, for 30 s at most.
   *
   * @throws ConflictException when it is not active, when it refuses, or when an active plugin
   *     needs it
   */
  public void deactivate(String plugin) throws InterruptedException {
    lifecycle.deactivate(plugin, false);
    record(plugin, "deactivate", JsonNodeFactory.instance.objectNode());
  }

  /**
   * As {@link #deactivate}, and first all plugins that need this one.
   *
   * @return what was taken out of service, in that order
   */
  public List<String> deactivateWithDependents(String plugin) throws InterruptedException {
    List<String> left = lifecycle.deactivate(plugin, true);
    left.forEach(name -> record(name, "deactivate", JsonNodeFactory.instance.objectNode()));
    return left;
  }

  /**
   * Makes a plugin INACTIVE that the host took out of service, so that it can be activated again.
   *
   * @throws ConflictException when it is not ERRORED
   */
  public void reset(String plugin) {
    lifecycle.reset(plugin);
    record(plugin, "reset", JsonNodeFactory.instance.objectNode());
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
    return update(() -> Bundle.read(bundle, vocabulary()));
  }

  /** Updates to a bundle that is in memory; see {@link #update(Path)}. */
  public UpdateResult update(byte[] bundle) throws InterruptedException {
    return update(() -> Bundle.read(bundle.clone(), vocabulary()));
  }

  /**
   * Grants the version that waits what it asks for, and puts it in the place of the current one.
   *
   * @throws ConflictException when none waits
   */
  public UpdateResult approve(String plugin) throws InterruptedException {
    UpdateResult result = lifecycle.approve(plugin, OPERATOR);
    record(plugin, "approve", result);
    return result;
  }

  /**
   * Takes what a plugin's author has just built: installs it or puts it in the place of what is
   * installed, grants what it asks for, and puts it in service.
   *
   * @param manifestJson the bytes of {@code manifest.json}
   * @param module the entry module
   * @throws BundleRejectedException when they are not acceptable
   * @throws ActivationException when it cannot start; what served before serves on
   */
  public DevelopResult develop(byte[] manifestJson, byte[] module) throws InterruptedException {
    DevelopResult result =
        lifecycle.develop(Bundle.of(manifestJson, module, vocabulary()), DEVELOPER);
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.put("action", result.action().name()).put("module_sha256", result.moduleSha256());
    services.audit().record(result.plugin(), result.version(), "develop", DEVELOPER, detail);
    return result;
  }

  /**
   * Puts the version back that was replaced last.
   *
   * @throws ConflictException when it is not kept any more
   */
  public UpdateResult rollback(String plugin) throws InterruptedException {
    UpdateResult result = lifecycle.rollback(plugin);
    record(plugin, "rollback", result);
    return result;
  }

  /**
   * Removes a plugin that is not in service.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String plugin) {
    String version = installedVersion(plugin);
    lifecycle.uninstall(plugin);
    services
        .audit()
        .record(plugin, version, "uninstall", OPERATOR, JsonNodeFactory.instance.objectNode());
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
    Manifest manifest = lifecycle.manifest(plugin);
    PluginGrants grants = services.grants().grant(manifest, List.of(capabilities), OPERATOR);
    record(plugin, "grant", capabilities(List.of(capabilities)));
    return grants;
  }

  /**
   * Grants all that the installed version of a plugin asks for and nobody has decided on: what was
   * revoked stays revoked.
   *
   * @throws UnknownPluginException when there is none of that name
   */
  public PluginGrants grantRequested(String plugin) {
    Manifest manifest = lifecycle.manifest(plugin);
    SortedSet<String> added = new TreeSet<>(services.grants().of(manifest).missing());
    PluginGrants grants = services.grants().grantUndecided(manifest, OPERATOR);
    added.retainAll(grants.granted());
    if (!added.isEmpty()) {
      record(plugin, "grant", capabilities(added));
    }
    return grants;
  }

  /**
   * Takes capabilities from the installed version of a plugin. While it is in service, its next
   * call of any of them is denied.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws ConflictException when it does not ask for one of them; nothing is revoked then
   */
  public PluginGrants revoke(String plugin, String... capabilities) {
    Manifest manifest = lifecycle.manifest(plugin);
    PluginGrants grants = services.grants().revoke(manifest, List.of(capabilities), OPERATOR);
    record(plugin, "revoke", capabilities(List.of(capabilities)));
    return grants;
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

  /**
   * The newest rows of the audit log about one plugin, newest first. They outlive the plugin; of
   * each the newest 10,000 are kept.
   *
   * @param limit the most rows to return, at least 1
   */
  public List<AuditRow> audit(String plugin, int limit) {
    return services.audit().newest(plugin, limit);
  }

  /** The newest rows of the audit log, newest first; see {@link #audit(String, int)}. */
  public List<AuditRow> audit(int limit) {
    return services.audit().newest(limit);
  }

  /**
   * Drops what a plugin logs below a level, from the next line on and while this host is open.
   * Without it all lines go to the logger {@code gonext.plugin.<name>}, whose backend decides.
   */
  public void logLevel(String plugin, Level level) {
    services.logs().setLevel(plugin, level);
  }

  /**
   * Tells a listener each line that a plugin logs, whatever version serves.
   *
   * @return ends that
   */
  public Runnable listen(String plugin, LogListener listener) {
    return services.logs().listen(plugin, listener);
  }

  /** The installed plugin of that name. */
  public Optional<StoredPlugin> plugin(String name) {
    return lifecycle.find(name);
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
   * <p>The handler may do with what it is given as it likes: objects and arrays are its own copies.
   * It runs on the caller's thread, and the host cannot end it.
   *
   * @param owner named in results, logs and metrics; better not the name of a plugin
   */
  public void addFilter(String owner, String hook, int priority, FilterHandler handler) {
    knownHooks.add(hook);
    hooks.addOwnFilter(owner, hook, priority, handler);
  }

  /** Adds an action of the embedding application; see {@link #addFilter}. */
  public void addAction(String owner, String hook, int priority, ActionHandler handler) {
    knownHooks.add(hook);
    hooks.addOwnAction(owner, hook, priority, handler);
  }

  /** Serves a request for a plugin's route. */
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
      services.close();
      store.close();
    }
  }

  /** The names this host knows at this moment. */
  private Vocabulary vocabulary() {
    Set<String> hooks = new HashSet<>(knownHooks);
    for (PluginSlot plugin : lifecycle.active()) {
      plugin.manifest().actions().forEach(hook -> hooks.add(hook.name()));
      plugin.manifest().filters().forEach(hook -> hooks.add(hook.name()));
    }
    return new Vocabulary(capabilities().ids(), hooks);
  }

  private void refused(String plugin, String version, String event, HostException e) {
    services.audit().record(plugin, version, event, OPERATOR, reason(e));
    services.meters().counter("gonext.plugin.install.refused").increment();
  }

  private void record(String plugin, String event, UpdateResult result) {
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    switch (result) {
      case UpdateResult.Unchanged unchanged -> {
        return;
      }
      case UpdateResult.Replaced replaced ->
          detail
              .put("from", replaced.from())
              .put("to", replaced.to())
              .put("sha256", replaced.sha256());
      case UpdateResult.AwaitingApproval waiting ->
          detail
              .put("from", waiting.from())
              .put("awaiting_approval", waiting.to())
              .put("sha256", waiting.sha256());
    }
    record(plugin, event, detail);
  }

  private void record(String plugin, String event, ObjectNode detail) {
    services.audit().record(plugin, installedVersion(plugin), event, OPERATOR, detail);
  }

  /** As the store says; a plugin whose bundle no longer reads has one, too. */
  private String installedVersion(String plugin) {
    return plugin(plugin).map(stored -> stored.current().version()).orElse("");
  }

  private static ObjectNode reason(HostException e) {
    return JsonNodeFactory.instance.objectNode().put("reason", e.getMessage());
  }

  private static ObjectNode capabilities(Collection<String> capabilities) {
    ObjectNode detail = JsonNodeFactory.instance.objectNode();
    detail.set("capabilities", StrictJson.valueOf(capabilities));
    return detail;
  }

  private static List<JsonNode> json(Object[] args) {
    return args.length == 0 ? List.of() : Arrays.stream(args).map(StrictJson::valueOf).toList();
  }
}
