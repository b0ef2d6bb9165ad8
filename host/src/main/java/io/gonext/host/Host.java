package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.jobs.JobRunner;
import io.gonext.host.internal.lifecycle.CallRecorders;
import io.gonext.host.internal.lifecycle.HostServices;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.NodePresence;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.lifecycle.StoreWatch;
import io.gonext.host.internal.service.config.Configurations;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.json.StrictJson;
import io.gonext.host.registry.OciClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A plugin host: the plugins of one data directory, compiled, warm and ready to be called.
 *
 * <p>Thread-safe. A call blocks the calling thread, which may be virtual, for at most the limit of
 * the call.
 */
public final class Host implements AutoCloseable {
  /** How long {@link #close()} lets running calls finish. */
  private static final Duration DRAIN = Duration.ofSeconds(30);

  private final PluginStore store;

  /** Null if the caller closes it. */
  private final @Nullable Engine engine;

  private final HostMetrics metrics;
  private final HookBus hooks;
  private final Lifecycle lifecycle;
  private final HostServices services;
  private final StoreWatch watch;
  private final List<HostFunctionSpec> functions;
  private final Plugins plugins;
  private final Trust trust;
  private final Configs configs;
  private final Secrets secrets;
  private final Jobs jobs;
  private final KeyValues keyValues;
  private final JobRunner jobRunner;
  private final AuditTrail audit;
  private final Logs logs;
  private final Health health;
  private final Activity activity;
  private final Trials trials;
  private final CacheInvalidations cacheInvalidations;
  private final OciClient registries;
  private final Recordings recordings;
  private final Profiler profiler;
  private final Fixtures fixtures;

  /** What {@link #start} does. */
  private final Start starting;

  private final Consumer<HostConfig> adjusting;

  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Puts the plugins of the store in service. */
  @FunctionalInterface
  interface Start {
    void run() throws InterruptedException;
  }

  Host(
      PluginStore store,
      @Nullable Engine engine,
      HostMetrics metrics,
      HookBus hooks,
      Lifecycle lifecycle,
      HostServices services,
      StoreWatch watch,
      NodePresence presence,
      Configurations configurations,
      Vault vault,
      JobQueue jobQueue,
      JobRunner jobRunner,
      List<HostFunctionSpec> functions,
      CacheInvalidations cacheInvalidations,
      OciClient registries,
      CallRecorders recorders,
      Fixtures fixtures,
      Consumer<HostConfig> adjusting,
      Start starting) {
    this.adjusting = adjusting;
    this.starting = starting;
    this.store = store;
    this.engine = engine;
    this.metrics = metrics;
    this.hooks = hooks;
    this.lifecycle = lifecycle;
    this.services = services;
    this.watch = watch;
    this.functions = functions;
    this.cacheInvalidations = cacheInvalidations;
    this.registries = registries;
    this.fixtures = fixtures;
    ChangeRecord record = new ChangeRecord(services.audit(), services.meters(), lifecycle::find);
    this.configs = new Configs(lifecycle, configurations, record);
    this.secrets = new Secrets(lifecycle, vault, record);
    this.trust = new Trust(lifecycle);
    this.plugins = new Plugins(lifecycle, services.grants(), configs, secrets, record, registries);
    this.jobs = new Jobs(lifecycle, jobQueue, record);
    this.keyValues = new KeyValues(lifecycle, store.keyValues());
    this.jobRunner = jobRunner;
    this.audit = new AuditTrail(services.audit());
    this.logs = new Logs(services.logs());
    this.recordings = new Recordings(lifecycle, recorders, record);
    this.profiler = new Profiler(lifecycle, record);
    this.health = new Health(store, hooks, lifecycle, watch, presence, closed::get);
    this.activity = new Activity(lifecycle, hooks.calls());
    this.trials = new Trials(lifecycle, hooks, record);
  }

  /** Opens the host of a data directory with the default limits. */
  public static Host open(Path dataDirectory) throws InterruptedException {
    return open(HostConfig.builder(dataDirectory).build());
  }

  /**
   * Opens a host and starts the plugins that were active when it was last closed.
   *
   * @throws StoreException when the data directory or the database cannot be used
   */
  public static Host open(HostConfig config) throws InterruptedException {
    return HostOpening.open(config, null, null, System::nanoTime);
  }

  /**
   * As {@link #open(HostConfig)}, with this cache of compiled modules instead of the one in the
   * data directory. It is meant for hosts whose data directory is temporary.
   */
  public static Host open(HostConfig config, CompileCache compiled) throws InterruptedException {
    return HostOpening.open(config, compiled, null, System::nanoTime);
  }

  /**
   * As {@link #open(HostConfig, CompileCache)}, with an engine that the caller closes after the
   * host. Hosts that are opened one after another then compile and load a module once. The engine's
   * limits, clock and random numbers hold, not those of the configuration.
   *
   * @param compiled the engine's cache
   */
  public static Host open(HostConfig config, CompileCache compiled, Engine engine)
      throws InterruptedException {
    return HostOpening.open(config, compiled, engine, System::nanoTime);
  }

  /**
   * Opens a host that does not serve yet: {@link #start} puts the plugins in service that were
   * active when it was last closed. This is for applications whose own parts, which plugins call,
   * need the host before they are complete.
   *
   * @throws StoreException when the data directory or the database cannot be used
   */
  public static Host openIdle(HostConfig config) {
    return HostOpening.openIdle(config);
  }

  /**
   * Starts a host that was opened by {@link #openIdle}; each other host has started already. To be
   * called before plugins are installed or deployed. Starting again does nothing.
   *
   * @throws IllegalStateException when the host is closed
   */
  public void start() throws InterruptedException {
    if (closed.get()) {
      throw new IllegalStateException("the host is closed: open another one");
    }
    if (started.compareAndSet(false, true)) {
      starting.run();
      activity.start();
    }
  }

  /**
   * Takes over what a host can change while it runs: {@link HostConfig#routeRate}, {@link
   * HostConfig#clientRate}, {@link HostConfig#egress}, and of {@link HostConfig#jobs} the bounds
   * for one plugin. Calls and requests that are under way end as they began. Whatever else the
   * configuration says is ignored; it needs a new host.
   */
  public void adjust(HostConfig config) {
    adjusting.accept(config);
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

  /** The installed plugins, and what an operator does to them. */
  public Plugins plugins() {
    return plugins;
  }

  /** Whose bundles this host takes. */
  public Trust trust() {
    return trust;
  }

  /** The configurations of plugins. */
  public Configs configs() {
    return configs;
  }

  /** The secrets of plugins. */
  public Secrets secrets() {
    return secrets;
  }

  /** The background jobs of plugins. */
  public Jobs jobs() {
    return jobs;
  }

  /** The key-value entries of plugins. */
  public KeyValues keyValues() {
    return keyValues;
  }

  /** The audit log. */
  public AuditTrail audit() {
    return audit;
  }

  /** Recorded calls of plugins. */
  public Recordings recordings() {
    return recordings;
  }

  /** What the code of plugins spends its time with. */
  public Profiler profiler() {
    return profiler;
  }

  /** Puts data into the store, for tests of plugins. */
  public Fixtures fixtures() {
    return fixtures;
  }

  /** What plugins log. */
  public Logs logs() {
    return logs;
  }

  /** What is in trouble, which calls failed, and the numbers of the pools. */
  public Health health() {
    return health;
  }

  /** What plugins do on this host: calls, times, instances, and the calls that failed. */
  public Activity activity() {
    return activity;
  }

  /** Single calls of one plugin, to see what it does. */
  public Trials trials() {
    return trials;
  }

  /**
   * The cache invalidations that plugins ask for; {@link HostConfig#cacheListeners} get them, too.
   */
  public CacheInvalidations cacheInvalidations() {
    return cacheInvalidations;
  }

  /** The capabilities that exist; the embedding application may register its own. */
  public CapabilityRegistry capabilities() {
    return services.grants().registry();
  }

  /** The application's functions that plugins may call; see {@link HostConfig#functions}. */
  public List<HostFunctionSpec> functions() {
    return functions;
  }

  /**
   * Whether a plugin is in service and has a capability at this moment. The embedding application
   * asks this before it does something that it guards with a capability of its own.
   */
  public boolean mayUse(String plugin, String capability) {
    return lifecycle
        .active(plugin)
        .filter(active -> active.manifest().requests(capability))
        .map(active -> services.grants().permissions(active.manifest()))
        .filter(permissions -> permissions.allow(permissions.mask(capability)))
        .isPresent();
  }

  /**
   * Runs a value through the filters of a hook. A filter that fails leaves the value unchanged, and
   * the result names it.
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
   * Runs many values through the filters of a hook under one deadline, with the same results as
   * {@link #applyFilters} for each. A filter whose manifest says {@code "batch": true} gets all
   * values in one call. If that call fails, all values pass this filter unchanged.
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

  /** Runs the actions of a hook; see {@link #applyFilters} for the arguments. */
  public ActionResult doAction(String hook, Object... args) throws InterruptedException {
    return hooks.doAction(hook, json(args));
  }

  /**
   * As {@link #doAction(String, Object...)}, with options.
   *
   * @throws ChainFailedException when an action failed and the options say so; the actions before
   *     it have run
   */
  public ActionResult doAction(CallOptions options, String hook, Object... args)
      throws InterruptedException {
    return hooks.doAction(options, hook, json(args));
  }

  /**
   * Adds a filter of the embedding application. It runs among the filters of plugins, by priority.
   *
   * <p>The handler may change its arguments: objects and arrays are its own copies. It runs on the
   * caller's thread, and the host cannot interrupt it.
   *
   * @param owner its name in results, logs and metrics; it should differ from the names of plugins
   */
  public void addFilter(String owner, String hook, int priority, FilterHandler handler) {
    hooks.addOwnFilter(owner, hook, priority, handler);
  }

  /** Adds an action of the embedding application; see {@link #addFilter}. */
  public void addAction(String owner, String hook, int priority, ActionHandler handler) {
    hooks.addOwnAction(owner, hook, priority, handler);
  }

  /** Serves a request for a plugin's route, without a limit for its client. */
  public RouteOutcome serve(String plugin, PluginRequest request) throws InterruptedException {
    return serve(plugin, request, "");
  }

  /**
   * Serves a request for a plugin's route.
   *
   * @param client the client, by address or another name: {@link HostConfig#clientRate} limits the
   *     requests of each; empty for no such limit
   */
  public RouteOutcome serve(String plugin, PluginRequest request, String client)
      throws InterruptedException {
    Optional<PluginSlot> target = lifecycle.active(plugin);
    return target.isPresent() ? target.get().serve(request, client) : new RouteOutcome.NotFound();
  }

  /**
   * Stops all plugins, within at most 30 s, and closes the store. A plugin that was active is
   * active again when the host is next opened. Closing again does nothing.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      activity.close();
      lifecycle.endWarmUp();
      watch.close();
      jobRunner.close();
      lifecycle.stopAll(DRAIN);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      metrics.close();
      if (engine != null) {
        engine.close();
      }
      services.close();
      registries.close();
      store.close();
    }
  }

  private static List<JsonNode> json(Object[] args) {
    return args.length == 0 ? List.of() : Arrays.stream(args).map(StrictJson::valueOf).toList();
  }
}
