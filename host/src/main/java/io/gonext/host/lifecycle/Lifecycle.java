package io.gonext.host.lifecycle;

import io.gonext.engine.Engine;
import io.gonext.host.capability.CapabilityDiff;
import io.gonext.host.capability.Grants;
import io.gonext.host.failure.ActivationException;
import io.gonext.host.failure.BundleRejectedException;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.failure.HostException;
import io.gonext.host.failure.StoreException;
import io.gonext.host.failure.UnknownPluginException;
import io.gonext.host.hook.HookBus;
import io.gonext.host.lifecycle.PluginLoader.CheckedModule;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.store.PluginState;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredPlugin;
import io.gonext.host.store.StoredVersion;
import io.gonext.pool.PoolMetrics;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.semver4j.Semver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Installs plugins, puts them in and out of service, and puts one version in the place of another.
 * The store decides: a plugin serves only while the store says ACTIVE, every change of it is one
 * compare-and-set there, and a change that fails before leaves the store and what serves as they
 * were.
 *
 * <p>Thread-safe. One plugin has one change at a time; changes of different plugins run side by
 * side, but for the moment of the switch itself.
 */
public final class Lifecycle {
  private static final Logger log = LoggerFactory.getLogger(Lifecycle.class);

  /** How long calls that are running may take to finish when a version leaves service. */
  private static final Duration DRAIN = Duration.ofSeconds(30);

  /** How long a version that another host put in service may be exercised here: others wait. */
  private static final Duration FOLLOWING_WARM_UP = Duration.ofSeconds(1);

  private final PluginStore store;
  private final PluginLoader loader;
  private final HookBus hooks;
  private final UpdatePolicy updates;
  private final MeterRegistry meters;
  private final HostServices services;
  private final Grants grants;
  private final InstantSource clock;
  private final NodeFaults faults;

  /** By plugin; held for the whole of a change. Never removed, so that a name has one lock. */
  private final Map<String, ReentrantLock> changes = new ConcurrentHashMap<>();

  /**
   * Held while a change looks at other plugins, commits and shows: never while anything is
   * compiled, started or drained. Taken after a lock of {@link #changes}, if at all.
   */
  private final ReentrantLock commit = new ReentrantLock();

  /** By name. Written under {@link #commit}, read by every request. */
  private final Map<String, PluginSlot> slots = new ConcurrentHashMap<>();

  /** By plugin, from its first activation until it is uninstalled, so that no counter goes back. */
  private final Map<String, PoolMetrics> poolMetrics = new ConcurrentHashMap<>();

  /** Why a plugin is ERRORED, by name. */
  private final Map<String, String> errored = new ConcurrentHashMap<>();

  /** Versions that were replaced and still finish calls. */
  private final Map<ActivePlugin, CompletableFuture<Void>> retiring = new ConcurrentHashMap<>();

  private Lifecycle(PluginStore store, PluginLoader loader, UpdatePolicy updates, Parts parts) {
    this.store = store;
    this.loader = loader;
    this.hooks = parts.hooks;
    this.updates = updates;
    this.meters = parts.meters;
    this.services = parts.services;
    this.grants = parts.services.grants();
    this.clock = parts.services.clock();
    this.faults = new NodeFaults(clock, System::nanoTime);
  }

  /** What plugins are run with. */
  public record Parts(
      Engine engine,
      HookBus hooks,
      MeterRegistry meters,
      HostServices services,
      CallGuards guards) {}

  public static Lifecycle of(
      PluginStore store,
      Parts parts,
      OperatorLimits limits,
      UpdatePolicy updates,
      Semver hostVersion) {
    PluginLoader loader = new PluginLoader(parts, limits, hostVersion);
    return new Lifecycle(store, loader, updates, parts);
  }

  /**
   * What is wrong with plugins that are to be in service, by name: ERRORED, not to be started by
   * this host, or behind an open circuit breaker. Does not ask the store.
   */
  public Map<String, String> troubles() {
    Map<String, String> troubles = new TreeMap<>();
    errored.forEach((name, why) -> troubles.put(name, PluginState.ERRORED + ": " + why));
    faults.list().forEach(fault -> troubles.put(fault.plugin(), fault.cause()));
    slots.forEach((name, slot) -> slot.trouble().ifPresent(why -> troubles.put(name, why)));
    return troubles;
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
   */
  public Manifest manifest(String name) {
    StoredPlugin stored = installed(name);
    return bundleOf(stored, stored.current()).manifest();
  }

  /** The plugin of that name, while it is in service. */
  public Optional<PluginSlot> active(String name) {
    return Optional.ofNullable(slots.get(name));
  }

  /** The plugins that are in service. */
  public List<PluginSlot> active() {
    return List.copyOf(slots.values());
  }

  /**
   * Checks a bundle, compiles its module, starts one instance to see that it does start, and stores
   * it. Installing never activates.
   *
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws ConflictException when another bundle of that name is installed
   */
  public InstallResult install(Bundle bundle) {
    Manifest manifest = bundle.manifest();
    ReentrantLock change = changeOf(manifest.name());
    change.lock();
    try {
      Optional<StoredPlugin> installed = store.find(manifest.name());
      if (installed.isPresent()) {
        return alreadyInstalled(bundle, installed.get());
      }
      refuseCycle(manifest);
      long begin = System.nanoTime();
      CheckedModule checked = loader.check(bundle);
      Duration compileTime = Duration.ofNanos(System.nanoTime() - begin);
      if (!store.insert(manifest.name(), versionOf(bundle), bundle.bytes())) {
        loader.forget(bundle.sha256());
        return alreadyInstalled(bundle, installed(manifest.name()));
      }
      log.info("installed {} sha256:{}", manifest.id(), bundle.sha256());
      return new InstallResult(manifest, bundle.sha256(), false, compileTime, checked.warnings());
    } finally {
      change.unlock();
    }
  }

  /**
   * Puts a plugin in service: pool warmed, hooks and routes live. A plugin that is in service stays
   * so.
   *
   * @throws ActivationException when it cannot start; it stays out of service
   * @throws ConflictException when it is ERRORED and has not been reset
   */
  public void activate(String name) throws InterruptedException {
    ReentrantLock change = changeOf(name);
    change.lockInterruptibly();
    try {
      StoredPlugin stored = installed(name);
      if (stored.state() == PluginState.ACTIVE) {
        converge(name);
        return;
      }
      StoredPlugin next = activated(stored);
      takeOut(name);
      Bundle bundle = bundleOf(stored, stored.current());
      try {
        takeOver(
            bundle,
            Duration.ZERO,
            () -> requireDependencies(bundle.manifest()),
            () -> store.change(stored, next));
      } catch (ConflictException e) {
        // Another host may have done the same.
        if (installed(name).state() != PluginState.ACTIVE) {
          throw e;
        }
        converge(name);
      }
    } finally {
      change.unlock();
    }
  }

  /**
   * Takes a plugin out of service once its running calls have ended.
   *
   * @param cascade whether to take out those first that need it
   * @return what was taken out, in that order
   * @throws ConflictException when a plugin refuses, when an active plugin depends on it and {@code
   *     cascade} is not set, or when it is not active
   */
  public List<String> deactivate(String name, boolean cascade) throws InterruptedException {
    List<String> left = new ArrayList<>();
    if (cascade) {
      for (Manifest dependent : dependentsOf(name)) {
        left.addAll(deactivate(dependent.name(), true));
      }
    }
    @Nullable ActivePlugin last;
    ReentrantLock change = changeOf(name);
    change.lockInterruptibly();
    try {
      StoredPlugin stored = installed(name);
      if (stored.state() != PluginState.ACTIVE) {
        throw new ConflictException(name + " is not active");
      }
      refuseWhileNeeded(name);
      // Null where this host could not start what the store holds as active.
      PluginSlot slot = slots.get(name);
      if (slot != null) {
        slot.version().askToStop();
      }
      commit.lock();
      try {
        refuseWhileNeeded(name);
        if (!store.change(stored, stored.in(PluginState.INACTIVE))) {
          throw changedByOther(name);
        }
        last = slot == null ? null : close(slot, name);
      } finally {
        commit.unlock();
      }
      faults.clear(name);
      if (last != null) {
        last.stop(DRAIN);
      }
      log.info("deactivated {}", stored.id());
    } finally {
      change.unlock();
    }
    left.add(name);
    return left;
  }

  /**
   * Takes a plugin out of service because it cannot be trusted with requests, and says why. It
   * stays out until it is reset. Nothing happens when another version serves by now.
   */
  private void giveUp(ActivePlugin failing, String cause) {
    String name = failing.manifest().name();
    ReentrantLock change = changeOf(name);
    change.lock();
    try {
      PluginSlot slot = slots.get(name);
      Optional<StoredPlugin> stored = store.find(name);
      if (slot == null || slot.version() != failing || stored.isEmpty()) {
        return;
      }
      commit.lock();
      try {
        if (!store.change(stored.get(), stored.get().errored(cause))) {
          throw changedByOther(name);
        }
        close(slot, name);
        errored.put(name, cause);
      } finally {
        commit.unlock();
      }
      log.error("{} is out of service: {}", failing.manifest().id(), cause);
      audit(stored.get(), "errored", cause);
      retire(failing);
    } catch (HostException e) {
      // It stays behind its breaker, whose next opening tries again.
      log.error("{} could not be taken out of service: {}", name, e.getMessage());
    } finally {
      change.unlock();
    }
  }

  /**
   * Makes an ERRORED plugin INACTIVE, so that it can be activated again.
   *
   * @throws ConflictException when it is not ERRORED
   */
  public void reset(String name) {
    ReentrantLock change = changeOf(name);
    change.lock();
    try {
      StoredPlugin stored = installed(name);
      if (stored.state() != PluginState.ERRORED) {
        throw new ConflictException(name + " is " + stored.state() + ", not ERRORED");
      }
      if (!store.change(stored, stored.in(PluginState.INACTIVE))) {
        throw changedByOther(name);
      }
      errored.remove(name);
      log.info("{} was reset", stored.id());
    } finally {
      change.unlock();
    }
  }

  /**
   * Removes a plugin that is not in service, all its versions with it.
   *
   * @throws ConflictException when it is active
   */
  public void uninstall(String name) {
    ReentrantLock change = changeOf(name);
    change.lock();
    try {
      StoredPlugin stored = installed(name);
      if (stored.state() == PluginState.ACTIVE) {
        throw new ConflictException(name + " is active: deactivate it first");
      }
      if (!store.delete(stored)) {
        throw changedByOther(name);
      }
      errored.remove(name);
      grants.forget(name);
      loader.forget(stored.current().sha256());
      takeOut(name);
      forget(name);
      log.info("uninstalled {}", stored.id());
    } finally {
      change.unlock();
    }
  }

  /**
   * Puts another version in the place of the current one. A plugin in service serves without a
   * break: the new version is compiled, warmed and exercised beside the old one, the store
   * switches, calls go to the new version, and the old one finishes what it runs. A failure before
   * the switch leaves everything as it was.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws ActivationException when the new version cannot start
   * @throws ConflictException when an active plugin needs another version than this one
   */
  public UpdateResult update(Bundle bundle) throws InterruptedException {
    Manifest manifest = bundle.manifest();
    ReentrantLock change = changeOf(manifest.name());
    change.lockInterruptibly();
    try {
      StoredPlugin stored = installed(manifest.name());
      if (stored.current().sha256().equals(bundle.sha256())) {
        return new UpdateResult.Unchanged(stored.current().version());
      }
      refuseCycle(manifest);
      loader.check(bundle);
      StoredVersion version = versionOf(bundle);
      Manifest current = bundleOf(stored, stored.current()).manifest();
      SortedSet<String> asked = grants.carryOver(current, manifest);
      if (!asked.isEmpty()) {
        if (!store.change(stored, stored.awaiting(version), version, bundle.bytes())) {
          throw changedByOther(manifest.name());
        }
        log.info("{} waits for approval: it asks for {}", manifest.id(), asked);
        return new UpdateResult.AwaitingApproval(
            stored.current().version(),
            version.version(),
            version.sha256(),
            CapabilityDiff.between(
                current.requestedCapabilities(),
                manifest.requestedCapabilities(),
                grants.registry()));
      }
      return replace(stored, bundle, version);
    } finally {
      loader.forget(bundle.sha256());
      change.unlock();
    }
  }

  /**
   * Grants a waiting version what it asks for, and puts it in the place of the current one; see
   * {@link #update}.
   *
   * @param actor who decided, for the record
   * @throws ConflictException when no version waits
   */
  public UpdateResult approve(String name, String actor) throws InterruptedException {
    ReentrantLock change = changeOf(name);
    change.lockInterruptibly();
    try {
      StoredPlugin stored = installed(name);
      if (stored.pending() == null) {
        throw new ConflictException("no version of " + name + " waits for approval");
      }
      Bundle bundle = bundleOf(stored, stored.pending());
      grants.grantUndecided(bundle.manifest(), actor);
      return replace(stored, bundle, stored.pending());
    } finally {
      change.unlock();
    }
  }

  /**
   * Puts the version back that was replaced last; see {@link #update}.
   *
   * @throws ConflictException when none is kept any more
   */
  public UpdateResult rollback(String name) throws InterruptedException {
    ReentrantLock change = changeOf(name);
    change.lockInterruptibly();
    try {
      StoredPlugin stored = withoutExpired(installed(name));
      if (stored.previous() == null) {
        throw new ConflictException(
            "no earlier version of "
                + name
                + " is kept: one is for "
                + updates.keepPrevious()
                + " after an update");
      }
      return replace(stored, bundleOf(stored, stored.previous()), stored.previous());
    } finally {
      change.unlock();
    }
  }

  /**
   * Installs a bundle or puts it in the place of what is installed, grants what it asks for and
   * puts it in service: for the machine of whoever wrote it. Of two uploads at once the later one
   * waits.
   *
   * @param actor who grants, for the record
   * @throws BundleRejectedException when the bundle is not acceptable to this host
   * @throws ActivationException when it cannot start; what served before serves on
   */
  public DevelopResult develop(Bundle bundle, String actor) throws InterruptedException {
    Manifest manifest = bundle.manifest();
    String name = manifest.name();
    ReentrantLock change = changeOf(name);
    change.lockInterruptibly();
    try {
      long begin = System.nanoTime();
      long failedBefore = hooks.failedTurns(name);
      boolean served = slots.containsKey(name);
      Optional<StoredPlugin> stored = store.find(name);
      CheckedModule checked = loader.check(bundle);
      if (stored.isEmpty()) {
        install(bundle);
      } else {
        boolean same = stored.get().current().sha256().equals(bundle.sha256());
        if (same && served) {
          loader.forget(bundle.sha256());
          return developed(DevelopResult.Action.UNCHANGED, bundle, checked, begin, failedBefore);
        }
        if (stored.get().state() == PluginState.ERRORED) {
          reset(name);
        }
        if (update(bundle) instanceof UpdateResult.AwaitingApproval) {
          approve(name, actor);
        }
      }
      grants.grantUndecided(manifest, actor);
      activate(name);
      return developed(
          served ? DevelopResult.Action.RELOADED : DevelopResult.Action.INSTALLED,
          bundle,
          checked,
          begin,
          failedBefore);
    } finally {
      change.unlock();
    }
  }

  private DevelopResult developed(
      DevelopResult.Action action,
      Bundle bundle,
      CheckedModule checked,
      long begin,
      long failedBefore) {
    Manifest manifest = bundle.manifest();
    return new DevelopResult(
        action,
        manifest.name(),
        manifest.version().toString(),
        manifest.requestedCapabilities(),
        bundle.moduleSha256(),
        Duration.ofNanos(System.nanoTime() - begin),
        hooks.failedTurns(manifest.name()) - failedBefore,
        checked.warnings());
  }

  /**
   * Deletes the versions whose time for a rollback has passed. A plugin that is being changed is
   * left for the next time.
   */
  public void forgetExpired() {
    for (StoredPlugin stored : store.list()) {
      ReentrantLock change = changeOf(stored.name());
      if (isExpired(stored) && change.tryLock()) {
        try {
          store.change(stored, stored.withoutPrevious());
        } finally {
          change.unlock();
        }
      }
    }
  }

  /**
   * Brings what serves here in line with the store, whoever changed it there: starts, swaps, stops,
   * or does nothing. What fails is kept as a {@link NodeFault}, and what served before serves on:
   * the store is never changed by this, since other hosts may run the plugin well.
   *
   * @return false when this host is changing the plugin just now; it was not looked at then
   */
  public boolean reconcile(String name) throws InterruptedException {
    ReentrantLock change = changeOf(name);
    if (!change.tryLock()) {
      return false;
    }
    try {
      converge(name);
    } catch (RuntimeException e) {
      NodeFault fault = faults.add(name, String.valueOf(e.getMessage()));
      if (fault.attempts() == 1) {
        log.error("{} is not what the store says, will try again: {}", name, fault.cause());
      }
    } finally {
      change.unlock();
    }
    return true;
  }

  /**
   * Reads again what a plugin may do.
   *
   * @throws StoreException when the store cannot be read; everything stays as it was then
   */
  public void refreshGrants(String name) {
    grants.refresh(name);
  }

  /** What this host cannot do though the store says so. */
  public List<NodeFault> faults() {
    return faults.list();
  }

  /** The plugins of which it is time to {@link #reconcile} again. */
  List<String> dueFaults() {
    return faults.due();
  }

  /**
   * Puts every plugin in service that the store holds as ACTIVE. One that cannot start does not
   * hold up the others: it becomes ERRORED, but where other hosts share the store it is a {@link
   * NodeFault} of this one.
   *
   * @throws StoreException when the store fails
   */
  public void startActive() throws InterruptedException {
    List<StoredPlugin> installed = store.list();
    for (StoredPlugin stored : installed) {
      if (stored.cause() != null) {
        errored.put(stored.name(), stored.cause());
      }
    }
    List<StoredPlugin> waiting =
        new ArrayList<>(installed.stream().filter(p -> p.state() == PluginState.ACTIVE).toList());
    // Dependencies first: each round starts those whose dependencies stand.
    boolean progress = true;
    while (progress && !waiting.isEmpty()) {
      progress = false;
      for (StoredPlugin stored : List.copyOf(waiting)) {
        try {
          Bundle bundle = bundleOf(stored, stored.current());
          if (Dependencies.unmet(bundle.manifest(), this::manifestInService).isPresent()) {
            continue;
          }
          activate(stored.name());
        } catch (StoreException e) {
          throw e;
        } catch (HostException e) {
          cannotStart(stored, e.getMessage());
        }
        waiting.remove(stored);
        progress = true;
      }
    }
    for (StoredPlugin stored : waiting) {
      cannotStart(stored, "what it depends on is not active");
    }
  }

  /** Lets running calls end, then gives up all instances. The store is left as it is. */
  public void stopAll(Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    commit.lockInterruptibly();
    try {
      for (Map.Entry<String, PluginSlot> entry : slots.entrySet()) {
        ActivePlugin last = close(entry.getValue(), entry.getKey());
        retiring.put(last, last.retire(patience));
      }
    } finally {
      commit.unlock();
    }
    try {
      CompletableFuture.allOf(retiring.values().toArray(CompletableFuture[]::new))
          .get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      log.warn("calls were still running after {}", patience);
    }
    poolMetrics.values().forEach(PoolMetrics::close);
    poolMetrics.clear();
  }

  /** The switch; the plugin's change lock is held. */
  private UpdateResult replace(StoredPlugin stored, Bundle bundle, StoredVersion version)
      throws InterruptedException {
    String name = stored.name();
    Manifest manifest = bundle.manifest();
    CheckedModule checked = loader.check(bundle);
    StoredPlugin next = stored.replacedBy(version, clock.instant());
    if (stored.state() != PluginState.ACTIVE) {
      if (!store.change(stored, next, version, bundle.bytes())) {
        throw changedByOther(name);
      }
      log.info("{} replaces {}, not in service", manifest.id(), stored.id());
      return replaced(stored, version, new Switch(Duration.ZERO, 0), checked.warnings());
    }
    Switch done =
        takeOver(
            bundle,
            updates.warmUp(),
            () -> {
              requireDependencies(manifest);
              refuseForDependents(manifest);
            },
            () -> store.change(stored, next, version, bundle.bytes()));
    log.info("{} replaces {}", manifest.id(), stored.id());
    return replaced(stored, version, done, checked.warnings());
  }

  /** How long a switch took, and how many calls exercised the version before. */
  private record Switch(Duration swap, long warmUpCalls) {}

  /**
   * Makes a version ready beside what serves, if anything does, and lets it take over; the plugin's
   * change lock is held. A failure leaves what serves as it was.
   *
   * @param allowed throws when the version may not serve; asked before the work and at the switch
   * @param stored makes the switch in the store; false when someone else was first
   */
  private Switch takeOver(Bundle bundle, Duration warmUp, Runnable allowed, BooleanSupplier stored)
      throws InterruptedException {
    String name = bundle.manifest().name();
    allowed.run();
    CheckedModule checked = loader.check(bundle);
    PluginSlot slot = slots.get(name);
    ActivePlugin fresh = loader.start(bundle, metricsOf(name), this::giveUp);
    @Nullable ActivePlugin old = null;
    long warmUpCalls = 0;
    long begin;
    boolean serves = false;
    try {
      if (slot != null) {
        warmUpCalls = loader.exercise(bundle, checked.module(), slot.hooks(), warmUp);
      }
      begin = System.nanoTime();
      commit.lockInterruptibly();
      try {
        allowed.run();
        if (!stored.getAsBoolean()) {
          throw changedByOther(name);
        }
        if (slot == null) {
          open(fresh);
        } else {
          old = slot.swap(fresh);
        }
        serves = true;
      } finally {
        commit.unlock();
      }
    } finally {
      if (!serves) {
        fresh.stop(Duration.ZERO);
      }
    }
    Duration swap = Duration.ofNanos(System.nanoTime() - begin);
    if (old != null) {
      retire(old);
    }
    faults.clear(name);
    faults.retryAll();
    return new Switch(swap, warmUpCalls);
  }

  /** See {@link #reconcile}; the plugin's change lock is held. */
  private void converge(String name) throws InterruptedException {
    Optional<StoredPlugin> found = store.find(name);
    if (found.isPresent() && found.get().state() == PluginState.ACTIVE) {
      StoredVersion wanted = found.get().current();
      PluginSlot slot = slots.get(name);
      if (slot == null || !slot.version().sha256().equals(wanted.sha256())) {
        Bundle bundle = bundleOf(found.get(), wanted);
        takeOver(
            bundle,
            updates.warmUp().compareTo(FOLLOWING_WARM_UP) < 0
                ? updates.warmUp()
                : FOLLOWING_WARM_UP,
            () -> requireDependencies(bundle.manifest()),
            () -> true);
      }
    } else {
      takeOut(name);
      if (found.isEmpty()) {
        forget(name);
      }
    }
    faults.clear(name);
  }

  /** Takes a plugin out of service here, if it is; the plugin's change lock is held. */
  private void takeOut(String name) {
    PluginSlot slot = slots.get(name);
    if (slot == null) {
      return;
    }
    ActivePlugin last;
    commit.lock();
    try {
      last = close(slot, name);
    } finally {
      commit.unlock();
    }
    log.info("deactivated {}", last.manifest().id());
    retire(last);
  }

  /** Lets go of what was kept of a plugin that is installed no more. */
  private void forget(String name) {
    grants.forget(name);
    loader.forgetPlugin(name);
    PoolMetrics metrics = poolMetrics.remove(name);
    if (metrics != null) {
      metrics.close();
    }
    // What is counted by plugin, hook or capability would otherwise grow with each name there was.
    for (Meter meter : meters.getMeters()) {
      if (name.equals(meter.getId().getTag("plugin"))) {
        meters.remove(meter);
      }
    }
  }

  private static UpdateResult.Replaced replaced(
      StoredPlugin stored, StoredVersion version, Switch done, List<String> warnings) {
    return new UpdateResult.Replaced(
        stored.current().version(),
        version.version(),
        version.sha256(),
        done.swap,
        done.warmUpCalls,
        warnings);
  }

  private void open(ActivePlugin plugin) {
    String name = plugin.manifest().name();
    PluginSlot slot = new PluginSlot(name, hooks, metricsOf(name));
    slot.open(plugin);
    slots.put(name, slot);
    log.info("activated {}", plugin.manifest().id());
  }

  private ActivePlugin close(PluginSlot slot, String name) {
    slots.remove(name);
    return slot.close();
  }

  private void retire(ActivePlugin old) {
    CompletableFuture<Void> done = old.retire(DRAIN);
    retiring.put(old, done);
    var _ = done.whenComplete((nothing, failure) -> retiring.remove(old));
  }

  private ReentrantLock changeOf(String name) {
    return changes.computeIfAbsent(name, n -> new ReentrantLock());
  }

  private PoolMetrics metricsOf(String name) {
    return poolMetrics.computeIfAbsent(
        name,
        n -> {
          PoolMetrics metrics = new PoolMetrics(n);
          metrics.bindTo(meters);
          return metrics;
        });
  }

  private StoredPlugin installed(String name) {
    return store.find(name).orElseThrow(() -> new UnknownPluginException(name));
  }

  private StoredVersion versionOf(Bundle bundle) {
    return new StoredVersion(
        bundle.manifest().version().toString(), bundle.sha256(), clock.instant());
  }

  private Bundle bundleOf(StoredPlugin plugin, StoredVersion version) {
    return Bundle.read(
        store
            .bundle(plugin.name(), version.sha256())
            .orElseThrow(() -> changedByOther(plugin.name())));
  }

  private static StoredPlugin activated(StoredPlugin stored) {
    if (stored.state() == PluginState.ERRORED) {
      throw new ConflictException(
          stored.id() + " is ERRORED (" + stored.cause() + "): reset it first");
    }
    return stored.in(PluginState.ACTIVE);
  }

  private static ConflictException changedByOther(String name) {
    return new ConflictException(name + " was changed by someone else just now");
  }

  private boolean isExpired(StoredPlugin stored) {
    Instant replacedAt = stored.replacedAt();
    return replacedAt != null && !clock.instant().isBefore(replacedAt.plus(updates.keepPrevious()));
  }

  private StoredPlugin withoutExpired(StoredPlugin stored) {
    if (!isExpired(stored)) {
      return stored;
    }
    if (!store.change(stored, stored.withoutPrevious())) {
      throw changedByOther(stored.name());
    }
    return installed(stored.name());
  }

  private void cannotStart(StoredPlugin stored, String why) {
    log.error("{} is not in service: {}", stored.id(), why);
    if (store.isShared()) {
      faults.add(stored.name(), why);
    } else {
      errored.put(stored.name(), why);
      store.change(stored, stored.errored(why));
    }
    audit(stored, "activate_failed", why);
  }

  private void audit(StoredPlugin plugin, String event, String reason) {
    services
        .audit()
        .record(
            plugin.name(),
            plugin.current().version(),
            event,
            "host",
            JsonNodeFactory.instance.objectNode().put("reason", reason));
  }

  private Optional<Manifest> manifestInService(String name) {
    return active(name).map(PluginSlot::manifest);
  }

  private List<Manifest> dependentsOf(String name) {
    return Dependencies.dependents(name, active().stream().map(PluginSlot::manifest).toList());
  }

  private void requireDependencies(Manifest manifest) {
    Dependencies.unmet(manifest, this::manifestInService)
        .ifPresent(why -> {
          throw new ActivationException(why, null);
        });
  }

  private void refuseWhileNeeded(String name) {
    List<Manifest> dependents = dependentsOf(name);
    if (!dependents.isEmpty()) {
      throw new ConflictException(
          name
              + " is needed by "
              + dependents.stream().map(Manifest::id).sorted().collect(Collectors.joining(", "))
              + ": deactivate what needs it first, or cascade");
    }
  }

  private void refuseForDependents(Manifest manifest) {
    for (Manifest dependent : dependentsOf(manifest.name())) {
      Dependencies.unmet(
              dependent,
              name ->
                  name.equals(manifest.name()) ? Optional.of(manifest) : manifestInService(name))
          .ifPresent(why -> {
            throw new ConflictException(
                manifest.id() + " cannot take over: " + why.replace("active is", "this is"));
          });
    }
  }

  private void refuseCycle(Manifest manifest) {
    if (manifest.dependencies().isEmpty()) {
      return;
    }
    Dependencies.cycle(
            manifest,
            name -> store.find(name).map(other -> bundleOf(other, other.current()).manifest()))
        .ifPresent(cycle -> {
          throw new ConflictException(manifest.id() + " depends on itself: " + cycle);
        });
  }

  private InstallResult alreadyInstalled(Bundle bundle, StoredPlugin installed) {
    if (!installed.current().sha256().equals(bundle.sha256())) {
      throw new ConflictException(
          installed.id() + " is installed from another bundle: update it instead");
    }
    return new InstallResult(bundle.manifest(), bundle.sha256(), true, Duration.ZERO, List.of());
  }
}
