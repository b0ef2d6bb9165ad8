package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.engine.Engine;
import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FailureListener;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.lifecycle.HostServices;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.lifecycle.StoreWatch;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.pool.PoolStats;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
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

  private final PluginStore store;
  private final Engine engine;
  private final HostMetrics metrics;
  private final HookBus hooks;
  private final Lifecycle lifecycle;
  private final HostServices services;
  private final StoreWatch watch;
  private final ChangeRecord record;

  private final AtomicBoolean closed = new AtomicBoolean();

  Host(
      PluginStore store,
      Engine engine,
      HostMetrics metrics,
      HookBus hooks,
      Lifecycle lifecycle,
      HostServices services,
      StoreWatch watch) {
    this.store = store;
    this.engine = engine;
    this.metrics = metrics;
    this.hooks = hooks;
    this.lifecycle = lifecycle;
    this.services = services;
    this.watch = watch;
    this.record = new ChangeRecord(services.audit(), services.meters(), lifecycle::find);
  }

  /** Opens the host of a data directory with the default limits. */
  public static Host open(Path dataDirectory) throws InterruptedException {
    return open(HostConfig.builder(dataDirectory).build());
  }

  /**
   * Opens a host and puts the plugins in service that were active when it was last closed.
   *
   * @throws StoreException when the data directory or the database cannot be used
   */
  public static Host open(HostConfig config) throws InterruptedException {
    return HostOpening.open(config, null);
  }

  /**
   * As {@link #open(HostConfig)}, with compiled modules from and for this cache instead of one in
   * the data directory: for hosts whose data directory does not last.
   */
  public static Host open(HostConfig config, CompileCache compiled) throws InterruptedException {
    return HostOpening.open(config, compiled);
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

  /** What {@link #recordedAs} does. */
  @FunctionalInterface
  public interface Action<E extends Exception> {
    void run() throws E;
  }

  /**
   * Does something for someone: the changes that the calling thread makes meanwhile are recorded as
   * theirs in the audit log, and their decisions on capabilities too. Otherwise they are those of
   * {@code operator}.
   *
   * @param actor who it is, at most 64 characters
   */
  public <E extends Exception> void recordedAs(String actor, Action<E> action) throws E {
    ChangeRecord.as(actor, action);
  }

  /**
   * Installs a bundle; it is not active yet and was granted nothing. Installing the same bundle
   * again changes nothing.
   *
   * @throws BundleRejectedException when it is not acceptable; nothing is installed then
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Path bundle) {
    return install(() -> Bundle.read(bundle, lifecycle.vocabulary()));
  }

  /** Installs a bundle that is in memory; see {@link #install(Path)}. */
  public InstallResult install(byte[] bundle) {
    return install(() -> Bundle.read(bundle.clone(), lifecycle.vocabulary()));
  }

  private InstallResult install(Supplier<Bundle> reader) {
    Bundle bundle = record.watch("install", "", reader::get);
    Manifest manifest = bundle.manifest();
    String version = manifest.version().toString();
    InstallResult installed =
        record.watch(
            "install",
            ChangeRecord.actor(),
            manifest.name(),
            version,
            () -> lifecycle.install(bundle));
    if (!installed.unchanged()) {
      ObjectNode detail = ChangeRecord.detail().put("sha256", installed.sha256());
      detail.set("requested", StrictJson.valueOf(manifest.requestedCapabilities()));
      record.done("install", ChangeRecord.actor(), manifest.name(), version, detail);
    }
    return installed;
  }

  /**
   * Puts an installed plugin in service, now and whenever the host is opened.
   *
   * @return what will not work, a sentence each: capabilities that it asks for and was not granted
   * @throws UnknownPluginException when there is none of that name
   * @throws ActivationException when it cannot start
   */
  public List<String> activate(String plugin) throws InterruptedException {
    boolean wasActive = lifecycle.active(plugin).isPresent();
    List<String> warnings = record.watch("activate", plugin, () -> lifecycle.activate(plugin));
    if (!wasActive) {
      record.done("activate", plugin);
    }
    return warnings;
  }

  /**
   * Takes a plugin out of service; calls that are running end first, for 30 s at most.
   *
   * @throws ConflictException when it is not active, when it refuses, or when an active plugin
   *     needs it
   */
  public void deactivate(String plugin) throws InterruptedException {
    deactivate(plugin, false, left -> {});
  }

  /**
   * As {@link #deactivate}, and first all plugins that need this one.
   *
   * @return what was taken out of service, in that order
   */
  public List<String> deactivateWithDependents(String plugin) throws InterruptedException {
    List<String> left = new ArrayList<>();
    deactivate(plugin, true, left::add);
    return left;
  }

  /** Each that has left is recorded, also when one after it refuses. */
  private void deactivate(String plugin, boolean cascade, Consumer<String> left)
      throws InterruptedException {
    record.watch(
        "deactivate",
        plugin,
        () -> {
          lifecycle.deactivate(
              plugin,
              cascade,
              name -> {
                record.done("deactivate", name);
                left.accept(name);
              });
          return true;
        });
  }

  /**
   * Makes a plugin INACTIVE that the host took out of service, so that it can be activated again.
   *
   * @throws ConflictException when it is not ERRORED
   */
  public void reset(String plugin) {
    record.watch(
        "reset",
        plugin,
        () -> {
          lifecycle.reset(plugin);
          return true;
        });
    record.done("reset", plugin);
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
    return update("", () -> Bundle.read(bundle, lifecycle.vocabulary()));
  }

  /** Updates to a bundle that is in memory; see {@link #update(Path)}. */
  public UpdateResult update(byte[] bundle) throws InterruptedException {
    return update("", () -> Bundle.read(bundle.clone(), lifecycle.vocabulary()));
  }

  /**
   * As {@link #update(byte[])}.
   *
   * @throws BundleRejectedException also when the bundle is of another plugin than this
   */
  public UpdateResult update(String plugin, byte[] bundle) throws InterruptedException {
    return update(plugin, () -> Bundle.read(bundle.clone(), lifecycle.vocabulary()));
  }

  /**
   * @param plugin whose bundle it is to be; empty for whosever it is
   */
  private UpdateResult update(String plugin, Supplier<Bundle> reader) throws InterruptedException {
    Bundle bundle =
        record.watch(
            "update",
            plugin,
            () -> {
              Bundle read = reader.get();
              String name = read.manifest().name();
              if (!plugin.isEmpty() && !name.equals(plugin)) {
                throw new BundleRejectedException(
                    "the bundle is of " + name + ", not of " + plugin);
              }
              return read;
            });
    Manifest manifest = bundle.manifest();
    UpdateResult result =
        record.watch(
            "update",
            ChangeRecord.actor(),
            manifest.name(),
            manifest.version().toString(),
            () -> lifecycle.update(bundle));
    record.replaced("update", manifest.name(), result);
    return result;
  }

  /**
   * Has a bundle in service, whatever was there: installs it, or updates to it, or leaves it where
   * it is the current version; grants what is named, except what an operator has decided on; and
   * activates it, also when it was ERRORED. For an application that brings its plugins along: it
   * calls this at each start. Where several hosts on one database do so at the same moment, one
   * makes the changes and the others find them made.
   *
   * <p>A version that asks for more than the one before it and than is named here waits for {@link
   * #approve(String)}, as any update does, and the one before it serves on.
   *
   * @param grants capabilities that the bundle may have
   * @throws BundleRejectedException when the bundle is not acceptable; nothing is changed then
   * @throws ActivationException when it cannot start; what served before serves on
   * @throws ConflictException when the bundle does not ask for a capability that is named, or when
   *     an active plugin needs another version than this one; nothing is changed then
   */
  public DeployResult deploy(Path bundle, Set<String> grants) throws InterruptedException {
    return deploy(() -> Bundle.read(bundle, lifecycle.vocabulary()), grants);
  }

  /** Deploys a bundle that is in memory; see {@link #deploy(Path, Set)}. */
  public DeployResult deploy(byte[] bundle, Set<String> grants) throws InterruptedException {
    return deploy(() -> Bundle.read(bundle.clone(), lifecycle.vocabulary()), grants);
  }

  private DeployResult deploy(Supplier<Bundle> reader, Set<String> grants)
      throws InterruptedException {
    Bundle bundle = record.watch("deploy", "", reader::get);
    Manifest manifest = bundle.manifest();
    DeployResult result =
        record.watch(
            "deploy",
            ChangeRecord.actor(),
            manifest.name(),
            manifest.version().toString(),
            () -> lifecycle.deploy(bundle, Set.copyOf(grants), ChangeRecord.actor()));
    record.deployed(result);
    return result;
  }

  /**
   * Grants the version that waits what it asks for, and puts it in the place of the current one.
   *
   * @throws ConflictException when none waits
   */
  public UpdateResult approve(String plugin) throws InterruptedException {
    return approve(plugin, waiting -> true);
  }

  /**
   * As {@link #approve(String)}, for one version and no other.
   *
   * @param meant its version, or the SHA-256 of its bundle
   * @throws ConflictException when none waits, or another one
   */
  public UpdateResult approve(String plugin, String meant) throws InterruptedException {
    return approve(plugin, waiting -> isMeant(waiting, meant));
  }

  private UpdateResult approve(String plugin, Predicate<StoredVersion> meant)
      throws InterruptedException {
    UpdateResult result =
        record.watch(
            "approve", plugin, () -> lifecycle.approve(plugin, meant, ChangeRecord.actor()));
    record.replaced("approve", plugin, result);
    return result;
  }

  /**
   * Deletes the version that waits; the current one stays.
   *
   * @throws ConflictException when none waits
   */
  public void reject(String plugin) {
    reject(plugin, waiting -> true);
  }

  /** As {@link #reject(String)}, for one version and no other; see {@link #approve}. */
  public void reject(String plugin, String meant) {
    reject(plugin, waiting -> isMeant(waiting, meant));
  }

  private void reject(String plugin, Predicate<StoredVersion> meant) {
    StoredVersion rejected = record.watch("reject", plugin, () -> lifecycle.reject(plugin, meant));
    record.done(
        "reject",
        plugin,
        ChangeRecord.detail().put("rejected", rejected.version()).put("sha256", rejected.sha256()));
  }

  private static boolean isMeant(StoredVersion waiting, String meant) {
    return waiting.version().equals(meant) || waiting.sha256().equals(meant);
  }

  /** What a waiting version asks for, beside the current one; empty when none waits. */
  public Optional<CapabilityChanges> pendingChanges(StoredPlugin plugin) {
    return lifecycle.pendingChanges(plugin);
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
    Bundle bundle =
        record.watch(
            "develop",
            ChangeRecord.DEVELOPER,
            "",
            "",
            () -> Bundle.of(manifestJson, module, lifecycle.vocabulary()));
    Manifest manifest = bundle.manifest();
    DevelopResult result =
        record.watch(
            "develop",
            ChangeRecord.DEVELOPER,
            manifest.name(),
            manifest.version().toString(),
            () -> lifecycle.develop(bundle, ChangeRecord.DEVELOPER));
    record.done(
        "develop",
        ChangeRecord.DEVELOPER,
        result.plugin(),
        result.version(),
        ChangeRecord.detail()
            .put("action", result.action().name())
            .put("module_sha256", result.moduleSha256()));
    return result;
  }

  /**
   * Puts the version back that was replaced last.
   *
   * @throws ConflictException when it is not kept any more
   */
  public UpdateResult rollback(String plugin) throws InterruptedException {
    UpdateResult result = record.watch("rollback", plugin, () -> lifecycle.rollback(plugin));
    record.replaced("rollback", plugin, result);
    return result;
  }

  /**
   * Removes a plugin that is not in service, and its key-value entries.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String plugin) {
    uninstall(plugin, false);
  }

  /**
   * As {@link #uninstall}, but its key-value entries stay, and are those of the next plugin of its
   * name.
   */
  public void uninstallKeepingData(String plugin) {
    uninstall(plugin, true);
  }

  private void uninstall(String plugin, boolean keepData) {
    String version = record.installedVersion(plugin);
    record.watch(
        "uninstall",
        plugin,
        () -> {
          lifecycle.uninstall(plugin, keepData);
          return true;
        });
    record.done(
        "uninstall",
        ChangeRecord.actor(),
        plugin,
        version,
        ChangeRecord.detail().put("data", keepData ? "kept" : "removed"));
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
    PluginGrants grants =
        services.grants().grant(manifest, List.of(capabilities), ChangeRecord.actor());
    record.decided("grant", plugin, List.of(capabilities));
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
    PluginGrants grants = services.grants().grantUndecided(manifest, ChangeRecord.actor());
    added.retainAll(grants.granted());
    if (!added.isEmpty()) {
      record.decided("grant", plugin, added);
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
    PluginGrants grants =
        services.grants().revoke(manifest, List.of(capabilities), ChangeRecord.actor());
    record.decided("revoke", plugin, List.of(capabilities));
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

  /**
   * Tells a listener of each turn of a plugin's hooks and routes that does not end well, with the
   * guest's backtrace where it trapped, whatever version serves. For tools: in service, metrics and
   * the audit log say the same in bounded space.
   *
   * @return ends that
   */
  public Runnable listenToFailures(String plugin, FailureListener listener) {
    return hooks.listen(plugin, listener);
  }

  /** The last lines that a plugin logged on this host, the oldest first; at most 500. */
  public List<LogLine> recentLines(String plugin) {
    return services.logs().recent(plugin);
  }

  /**
   * Tells a follower what {@link #recentLines} has, and then each line that comes, in order and
   * none twice.
   *
   * @param follower called by the threads that run the plugin: it must neither wait nor throw
   * @return ends that
   */
  public Runnable followLines(String plugin, Consumer<LogLine> follower) {
    return services.logs().follow(plugin, follower);
  }

  /**
   * The last turns of a plugin on this host that did not end well, the newest first: at most 20,
   * without those that an open breaker refused.
   */
  public List<PastFailure> recentFailures(String plugin) {
    return hooks.lastFailures(plugin);
  }

  /** How many turns of a plugin did not end well since this host was opened. */
  public long failedTurns(String plugin) {
    return hooks.failedTurns(plugin);
  }

  /**
   * The manifest of the installed version of a plugin.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws BundleRejectedException when this host cannot read it any more
   */
  public Manifest manifest(String plugin) {
    return lifecycle.manifest(plugin);
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
   * What is wrong with the store as a whole; empty when all is well. For as long as it is in
   * trouble changes are refused, key-value entries are not available, and what is loaded is served.
   */
  public Optional<StoreTrouble> storeTrouble() {
    return store.trouble();
  }

  /** What is wrong with one plugin, as {@link #troubles} says it; empty when all is well. */
  public Optional<String> trouble(StoredPlugin plugin) {
    return lifecycle.trouble(plugin);
  }

  /**
   * What this host cannot do though the store says so, and other hosts on the same database may: it
   * tries again by itself. On an embedded store such a plugin becomes ERRORED, and what is here is
   * only what could not be read back after the store failed in a change.
   */
  public List<NodeFault> faults() {
    return lifecycle.faults();
  }

  /**
   * Why this host cannot go on as it is and has to be started again; empty when all is well. It
   * goes on with what it can.
   */
  public Optional<String> brokenDown() {
    return watch.isAlive() || closed.get()
        ? Optional.empty()
        : Optional.of("the thread that follows the store has ended");
  }

  /** The numbers of one plugin's pool, while it is in service. */
  public Optional<PoolStats> pool(String plugin) {
    return lifecycle.active(plugin).map(PluginSlot::poolStats);
  }

  /**
   * What a plugin gets on this host of the limits that its manifest asks for, while it is in
   * service.
   */
  public Optional<PluginLimits> limits(String plugin) {
    return lifecycle.limits(plugin);
  }

  /**
   * Has what each call of a plugin wrote to of its instance's memory told, in bytes, on the thread
   * of the call; for tools, since it costs each call a look at all of that memory's blocks. Ends
   * with the version that serves now.
   *
   * @throws UnknownPluginException when no plugin of that name is in service
   */
  public void watchMemory(String plugin, LongConsumer touchedBytes) {
    lifecycle
        .active(plugin)
        .orElseThrow(() -> new UnknownPluginException(plugin))
        .watchMemory(touchedBytes);
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
    hooks.addOwnFilter(owner, hook, priority, handler);
  }

  /** Adds an action of the embedding application; see {@link #addFilter}. */
  public void addAction(String owner, String hook, int priority, ActionHandler handler) {
    hooks.addOwnAction(owner, hook, priority, handler);
  }

  /** Serves a request for a plugin's route, which counts against the plugin's rate alone. */
  public RouteOutcome serve(String plugin, PluginRequest request) throws InterruptedException {
    return serve(plugin, request, "");
  }

  /**
   * Serves a request for a plugin's route.
   *
   * @param client whose requests are counted together against {@link HostConfig#clientRate}: an
   *     address, or another name; empty for one that is not counted apart
   */
  public RouteOutcome serve(String plugin, PluginRequest request, String client)
      throws InterruptedException {
    Optional<PluginSlot> target = lifecycle.active(plugin);
    return target.isPresent() ? target.get().serve(request, client) : new RouteOutcome.NotFound();
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
      metrics.close();
      engine.close();
      services.close();
      store.close();
    }
  }

  private static List<JsonNode> json(Object[] args) {
    return args.length == 0 ? List.of() : Arrays.stream(args).map(StrictJson::valueOf).toList();
  }
}
