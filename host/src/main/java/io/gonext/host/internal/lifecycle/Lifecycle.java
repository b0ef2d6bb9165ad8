package io.gonext.host.internal.lifecycle;

import io.gonext.engine.Engine;
import io.gonext.host.ActivationException;
import io.gonext.host.BundleCheck;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.Compiling;
import io.gonext.host.ConflictException;
import io.gonext.host.Delivery;
import io.gonext.host.DeployResult;
import io.gonext.host.DevelopResult;
import io.gonext.host.HostException;
import io.gonext.host.InstallResult;
import io.gonext.host.NodeFault;
import io.gonext.host.OperatorLimits;
import io.gonext.host.PluginLimits;
import io.gonext.host.PluginState;
import io.gonext.host.RouteRate;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.UntrustedException;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.UpdateResult;
import io.gonext.host.WarmUpProgress;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.store.NextRevision;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Locales;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Version;
import io.gonext.host.manifest.Vocabulary;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.host.trust.Verdict;
import io.gonext.host.trust.Verification;
import io.gonext.pool.MemoryGovernor;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Installs plugins, activates and deactivates them, and replaces versions. The store decides: a
 * plugin serves only while the store says ACTIVE, and each change is one compare-and-set there. A
 * change that fails before it leaves the store and the running plugins unchanged.
 *
 * <p>Thread-safe. One plugin has one change at a time. Changes of different plugins run in
 * parallel, except for the moment of the switch.
 */
public final class Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

  /** How long calls that are running may take to finish when a version leaves service. */
  private static final Duration DRAIN = Duration.ofSeconds(30);

  private final PluginStore store;
  private final Installed installed;
  private final PluginLoader loader;
  private final HostServices services;
  private final Grants grants;
  private final ChangeLocks changes = new ChangeLocks();
  private final Serving serving;
  private final NodeSync sync;
  private final Updates updates;
  private final Activation activation;
  private final Deployment deployment;
  private final KeptInputs inputs;
  private final TrustGate trust;
  private final TrustWatch trustWatch;
  private final WarmStart warmStart;
  private final TrialCalls trials;

  /** Keeps recent inputs; one thread, from {@link #warmUp} on. */
  private final ScheduledExecutorService keeper =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("gonext-inputs").daemon().factory());

  private Lifecycle(PluginStore store, PluginLoader loader, UpdatePolicy policy, Parts parts) {
    this.store = store;
    this.trust = parts.trust;
    this.installed = new Installed(store, trust);
    this.loader = loader;
    this.trials = new TrialCalls(installed, loader);
    this.services = parts.services;
    this.grants = services.grants();
    this.serving = new Serving(parts, DRAIN);
    Switchover switchover =
        new Switchover(loader, serving, changes, parts.inputs, policy.warmUp(), this::giveUp);
    this.sync = new NodeSync(installed, serving, switchover, changes, parts.services);
    this.updates =
        new Updates(
            installed, loader, serving, switchover, sync, parts.services, policy.keepPrevious());
    this.activation = new Activation(installed, loader, parts.services, serving, switchover, sync);
    this.inputs = parts.inputs;
    this.trustWatch = new TrustWatch(installed, trust, serving, sync, changes, services.audit());
    this.warmStart = new WarmStart(inputs, parts.meters, WarmUp.Clocks.system());
    this.deployment = new Deployment(installed, loader, grants, serving, updates, activation);
  }

  /**
   * What plugins are run with.
   *
   * @param verifiesResets whether each reset of an instance is checked
   * @param countsBlocks see {@link io.gonext.host.HostConfig#countsBlocks}
   * @param longestJob the most time that one attempt at a job has
   * @param inputs the recent inputs of plugins in the store
   * @param trust whose bundles this host takes
   */
  public record Parts(
      Engine engine,
      HookBus hooks,
      MeterRegistry meters,
      HostServices services,
      CallGuards guards,
      boolean verifiesResets,
      boolean countsBlocks,
      Duration longestJob,
      KeptInputs inputs,
      TrustGate trust,
      CallRecorders recorders) {}

  public static Lifecycle of(
      PluginStore store,
      Parts parts,
      OperatorLimits limits,
      UpdatePolicy updates,
      Version hostVersion) {
    PluginLoader loader = new PluginLoader(parts, limits, hostVersion);
    return new Lifecycle(store, loader, updates, parts);
  }

  /**
   * What is wrong with plugins that are to be in service, by name: ERRORED, not to be started by
   * this host, or behind an open circuit breaker. Does not ask the store.
   */
  public Map<String, String> troubles() {
    return sync.troubles();
  }

  /** What is wrong with one plugin: as the store says where it is ERRORED, as here otherwise. */
  public Optional<String> trouble(StoredPlugin plugin) {
    return sync.trouble(plugin);
  }

  /** All installed plugins, by name. */
  public List<StoredPlugin> list() {
    return store.list();
  }

  /** The installed plugin of that name. */
  public Optional<StoredPlugin> find(String name) {
    return store.find(name);
  }

  /**
   * The manifest of the current version of an installed plugin.
   *
   * @throws UnknownPluginException when there is none of that name
   * @throws BundleRejectedException when this host cannot read it any more
   */
  public Manifest manifest(String name) {
    StoredPlugin stored = installed.require(name);
    return installed.bundleOf(stored, stored.current()).manifest();
  }

  /** As {@link #manifest}, the texts of the bundle. */
  public Locales locales(String name) {
    StoredPlugin stored = installed.require(name);
    return installed.bundleOf(stored, stored.current()).locales();
  }

  /** The capabilities and hooks that exist now, for reading the manifest of a new bundle. */
  public Vocabulary vocabulary() {
    return loader.vocabulary("");
  }

  /** The plugin of that name, while it is in service. */
  public Optional<PluginSlot> active(String name) {
    return Optional.ofNullable(serving.slot(name));
  }

  /** The limits of a plugin, while it is in service. */
  public Optional<PluginLimits> limits(String name) {
    return active(name).map(PluginSlot::manifest).map(loader::limitsOf).map(EffectiveLimits::shown);
  }

  /** Whether a plugin's version is the one that the store says serves, as far as that is known. */
  public boolean isCurrent(String name, String sha256) {
    return store.find(name).filter(p -> p.current().sha256().equals(sha256)).isPresent();
  }

  /** Calls in instances whose services change nothing. */
  public TrialCalls trials() {
    return trials;
  }

  /** What this host compiles, and what waits for it. */
  public List<Compiling> compiling() {
    return loader.compiling();
  }

  /** The memory budget that the instances of all plugins share. */
  public MemoryGovernor memory() {
    return loader.memory();
  }

  /** The plugins that are in service. */
  public List<PluginSlot> active() {
    return serving.all();
  }

  /**
   * Reads a bundle that comes in. Its signatures are verified meanwhile.
   *
   * @throws BundleRejectedException when it is not a bundle
   */
  public Delivered receive(Delivery delivery) {
    Verification verification = trust.begin(delivery.bundle(), delivery.signatures());
    return new Delivered(
        Bundle.read(delivery.bundle(), vocabulary()),
        verification,
        delivery.origin(),
        false,
        null,
        delivery.allowsDowngrade());
  }

  /** What the trust policy says of a bundle now, without a change of anything. */
  public Verdict verdict(Delivered delivered) {
    return installed.verdict(delivered);
  }

  /** The trust policy in force. */
  public TrustPolicy trustPolicy() {
    return trust.policy();
  }

  /** Why the file of the trust policy is not followed; empty when it is. */
  public Optional<String> trustTrouble() {
    return trust.trouble();
  }

  /** Sets another trust policy, and looks at what serves. */
  public void replaceTrust(TrustPolicy policy) {
    trust.replace(policy);
    trustWatch.judgeAll();
  }

  /** Reads the trust policy's file again if it changed, and then looks at what serves. */
  public void followTrust() {
    trustWatch.round();
  }

  /** Why versions in service are not trusted, by plugin, whatever the mode of the policy. */
  public Map<String, Verdict> distrusted() {
    return trust.distrusted();
  }

  /**
   * Checks a bundle as {@link #install} does, and stores nothing. The compiled module is kept for
   * an install that follows.
   *
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws UntrustedException when the trust policy refuses it
   * @throws ConflictException when it depends on itself
   */
  public BundleCheck check(Delivered delivered) {
    PluginLoader.CheckedModule checked = deployment.check(delivered);
    Bundle bundle = delivered.bundle();
    return new BundleCheck(
        bundle.manifest(),
        bundle.sha256(),
        List.of(),
        checked.warnings(),
        checked.provenance(),
        checked.module().compileTime());
  }

  /**
   * Checks a bundle, compiles its module, starts one instance to see that it does start, and stores
   * it. Installing never activates.
   *
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws UntrustedException when the trust policy refuses it
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Delivered delivered) {
    return changes.hold(delivered.bundle().manifest().name(), () -> deployment.install(delivered));
  }

  /**
   * Puts a plugin in service: pool warmed, hooks and routes live. A plugin that is in service stays
   * so.
   *
   * @return what will not work, a sentence each: capabilities that were not granted or that nobody
   *     offers
   * @throws ActivationException when it cannot start; it stays out of service
   * @throws ConflictException when it is ERRORED and has not been reset
   */
  public List<String> activate(String name) throws InterruptedException {
    return changeInterruptibly(
        name,
        () -> {
          activation.activate(name);
          PluginSlot slot = serving.slot(name);
          return slot == null ? List.of() : activation.deniedTo(slot.manifest());
        });
  }

  /**
   * Takes a plugin out of service once its running calls have ended.
   *
   * @param cascade whether to deactivate the plugins that need it first
   * @param left called for each deactivated plugin, also when a later one cannot be deactivated
   * @throws ConflictException when a plugin refuses, when an active plugin depends on it and {@code
   *     cascade} is not set, or when it is not active
   */
  public void deactivate(String name, boolean cascade, Consumer<String> left)
      throws InterruptedException {
    if (cascade) {
      // Ask again each time: one deactivation may already have removed other dependents.
      for (List<Manifest> dependents = serving.dependentsOf(name);
          !dependents.isEmpty();
          dependents = serving.dependentsOf(name)) {
        deactivateDependent(dependents.getFirst().name(), left);
      }
    }
    changeInterruptibly(
        name,
        () -> {
          activation.deactivate(name);
          return true;
        });
    left.accept(name);
  }

  private void deactivateDependent(String name, Consumer<String> left) throws InterruptedException {
    try {
      deactivate(name, true, left);
    } catch (ConflictException e) {
      if (store.find(name).filter(p -> p.state() == PluginState.ACTIVE).isPresent()) {
        throw e;
      }
      // Another host has deactivated it meanwhile.
      changeInterruptibly(
          name,
          () -> {
            sync.converge(name);
            return true;
          });
    }
  }

  /**
   * Takes a plugin out of service because it cannot be trusted with requests, and says why. It
   * stays out until it is reset. Nothing happens when another version serves by now.
   */
  private void giveUp(ActivePlugin failing, String cause) {
    String name = failing.manifest().name();
    try {
      change(
          name,
          () -> {
            activation.giveUp(failing, cause);
            return true;
          });
    } catch (HostException e) {
      // Its breaker keeps refusing calls. The next time it opens, this is tried again.
      log.error("{} could not be taken out of service: {}", name, e.getMessage());
    }
  }

  /**
   * Makes an ERRORED plugin INACTIVE, so that it can be activated again.
   *
   * @throws ConflictException when it is not ERRORED
   */
  public void reset(String name) {
    change(
        name,
        () -> {
          activation.reset(name);
          return true;
        });
  }

  /**
   * Removes a plugin that is not in service, all its versions with it.
   *
   * @param keepData whether its key-value entries and its schema stay, for the next plugin of its
   *     name
   * @throws ConflictException when it is active
   */
  public void uninstall(String name, boolean keepData) {
    change(
        name,
        () -> {
          StoredPlugin stored = installed.require(name);
          if (stored.state() == PluginState.ACTIVE) {
            throw new ConflictException(name + " is active: deactivate it first");
          }
          if (!store.delete(stored, keepData)) {
            throw Installed.changedByOther(name);
          }
          sync.forget(name);
          log.info("uninstalled {}", stored.id());
          return true;
        });
  }

  /**
   * Puts another version in the place of the current one. A plugin in service serves without a
   * break: the new version is compiled, warmed and exercised beside the old one, the store
   * switches, calls go to the new version, and the old one finishes what it runs. A failure before
   * the switch leaves everything as it was.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws UntrustedException when the trust policy refuses it
   * @throws ActivationException when the new version cannot start
   * @throws ConflictException when an active plugin needs another version than this one
   */
  public UpdateResult update(Delivered delivered) throws InterruptedException {
    return changeInterruptibly(
        delivered.bundle().manifest().name(), () -> updates.update(delivered));
  }

  /**
   * Grants a waiting version what it asks for, and puts it in the place of the current one; see
   * {@link #update}.
   *
   * @param meant whether the version that waits is the one that was decided on
   * @param actor who decided, for the record
   * @throws ConflictException when no version waits, or another one
   */
  public UpdateResult approve(String name, Predicate<StoredVersion> meant, String actor)
      throws InterruptedException {
    return changeInterruptibly(name, () -> updates.approve(name, meant, actor));
  }

  /**
   * Deletes a waiting version; the current one stays.
   *
   * @return what was deleted
   * @throws ConflictException when no version waits, or another one
   */
  public StoredVersion reject(String name, Predicate<StoredVersion> meant) {
    return change(name, () -> updates.reject(name, meant));
  }

  /** What a waiting version asks for and reaches, beside the current one; empty when none waits. */
  public Optional<CapabilityChanges> pendingChanges(StoredPlugin plugin) {
    return updates.pendingChanges(plugin);
  }

  /** The manifest of the version that waits for approval; empty when there is none. */
  public Optional<Manifest> pendingManifest(String name) {
    return find(name).flatMap(updates::pendingManifest);
  }

  /**
   * Puts the version back that was replaced last; see {@link #update}.
   *
   * @throws ConflictException when none is kept any more
   */
  public UpdateResult rollback(String name) throws InterruptedException {
    return changeInterruptibly(name, () -> updates.rollback(name));
  }

  /**
   * Has a bundle in service, whatever was there: installs it, or puts it in the place of what is
   * installed, or leaves it where it is current; grants what is named and nobody has decided on;
   * and activates it, also when it was ERRORED. Where another host changes the plugin at the same
   * moment, this looks again at what is left to do.
   *
   * @param granted capabilities that the bundle asks for
   * @param actor who deploys, for the record
   * @throws BundleRejectedException when the bundle is not acceptable
   * @throws UntrustedException when the trust policy refuses it
   * @throws ActivationException when it cannot start; what served before serves on
   * @throws ConflictException when the bundle does not ask for a capability that is to be granted,
   *     or when an active plugin needs another version than this one
   */
  public DeployResult deploy(Delivered delivered, Set<String> granted, String actor)
      throws InterruptedException {
    Manifest manifest = delivered.bundle().manifest();
    grants.requireRequested(manifest, granted);
    return changeInterruptibly(manifest.name(), () -> deployment.deploy(delivered, granted, actor));
  }

  /**
   * Installs a bundle or puts it in the place of what is installed, grants what it asks for and
   * puts it in service: for the machine of whoever wrote it. Of two uploads at once the later one
   * waits.
   *
   * @param actor who grants, for the record
   * @param configure runs once the plugin is installed, before this version serves
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws ActivationException when it cannot start; what served before serves on
   */
  public DevelopResult develop(Bundle bundle, String actor, Runnable configure)
      throws InterruptedException {
    return changeInterruptibly(
        bundle.manifest().name(), () -> deployment.develop(bundle, actor, configure));
  }

  /**
   * Deletes the versions whose time for a rollback has passed.
   *
   * @return false when one was left, because another change of its plugin was under way
   */
  public boolean forgetExpired() {
    boolean all = true;
    for (StoredPlugin stored : store.list()) {
      if (updates.isExpired(stored)) {
        all &=
            changes.tryHold(
                stored.name(), () -> store.change(stored, NextRevision.withoutPrevious(stored)));
      }
    }
    return all;
  }

  /**
   * Brings what serves here in line with the store, whoever changed it there: starts, swaps, stops,
   * or does nothing. What fails is kept as a {@link NodeFault}, and what served before serves on:
   * the store is never changed by this, since other hosts may run the plugin well.
   *
   * @return false when another change of the plugin is under way here; then this does nothing
   */
  public boolean reconcile(String name) throws InterruptedException {
    return changes.tryHold(
        name,
        () -> {
          sync.convergeOrKeepFault(name);
          return true;
        });
  }

  /**
   * Reads again what a plugin may do, and what services know of it.
   *
   * @throws StoreException when the store cannot be read; everything stays as it was then
   */
  public void refresh(String name) {
    grants.refresh(name);
    services.refresh(name);
  }

  /** What this host cannot do although the store says so. */
  public List<NodeFault> faults() {
    return sync.faults().list();
  }

  /** The plugins of which it is time to {@link #reconcile} again. */
  List<String> dueFaults() {
    return sync.faults().due();
  }

  /**
   * Puts every plugin in service that the store holds as ACTIVE. One that cannot start does not
   * hold up the others: it becomes ERRORED, but where other hosts share the store it is a {@link
   * NodeFault} of this one.
   *
   * @throws StoreException when the store fails
   */
  public ColdPlugins startActive() throws InterruptedException {
    return new ColdPlugins(sync.startActive());
  }

  /** Plugins that were started and have not been exercised. */
  public static final class ColdPlugins {
    private final List<WarmStart.Cold> plugins;

    private ColdPlugins(List<WarmStart.Cold> plugins) {
      this.plugins = plugins;
    }
  }

  /**
   * Begins to exercise plugins in the background with their kept inputs, and to keep inputs.
   *
   * @param budget for all of them together; zero for neither
   */
  public void warmUp(ColdPlugins cold, Duration budget) {
    // Leaves the other processors to requests and to the JIT compiler.
    int threads = Runtime.getRuntime().availableProcessors() < 4 ? 1 : 2;
    warmStart.begin(cold.plugins, budget, threads);
    if (!budget.isZero()) {
      long pause = KeptInputs.SHORTEST_PAUSE.toSeconds();
      var _ =
          keeper.scheduleWithFixedDelay(() -> keepInputs(false), pause, pause, TimeUnit.SECONDS);
    }
  }

  /** How far the exercise of the plugins that were started has come. */
  public WarmUpProgress warmUpProgress() {
    return warmStart.progress();
  }

  /** Sets other rates for the routes of all plugins. */
  public void changeRates(RouteRate routeRate, RouteRate clientRate) {
    serving.changeRates(routeRate, clientRate);
  }

  /** Ends the exercise, and keeps recent inputs for the next start. */
  public void endWarmUp() {
    warmStart.close();
    keeper.shutdown();
    if (store.trouble().isEmpty()) {
      keepInputs(true);
    }
  }

  private void keepInputs(boolean closing) {
    try {
      inputs.keep(serving.all(), closing);
    } catch (RuntimeException | Error e) {
      // An exception would end the rounds.
      notKept(e);
    }
  }

  private static void notKept(Throwable failure) {
    try {
      log.warn("recent inputs were not kept: {}", failure.toString());
    } catch (Throwable e) {
      // There is no memory left to say so.
    }
  }

  /**
   * Lets running calls end, then closes all pools. No change can begin any more. The store stays as
   * it is.
   */
  public void stopAll(Duration patience) throws InterruptedException {
    warmStart.close();
    keeper.shutdown();
    changes.close();
    serving.stopAll(patience);
  }

  private <R> R change(String name, ChangeLocks.Change<R, RuntimeException> change) {
    return changes.hold(name, settled(name, change));
  }

  private <R> R changeInterruptibly(String name, ChangeLocks.Change<R, InterruptedException> change)
      throws InterruptedException {
    return changes.holdInterruptibly(name, settled(name, change));
  }

  private <R, E extends Exception> ChangeLocks.Change<R, E> settled(
      String name, ChangeLocks.Change<R, E> change) {
    return () -> {
      try {
        return change.make();
      } catch (StoreException e) {
        afterFailure(name, e);
        throw e;
      }
    };
  }

  /** Follows a change that the store may have made although it reported a failure. */
  private void afterFailure(String name, StoreException e) {
    if (e.isMaybeChanged()) {
      try {
        sync.convergeOrKeepFault(name);
      } catch (InterruptedException interrupt) {
        sync.faults().add(name, e.getMessage());
        Thread.currentThread().interrupt();
      }
    }
  }
}
