package io.gonext.host.internal.lifecycle;

import io.gonext.host.HostException;
import io.gonext.host.NodeFault;
import io.gonext.host.PluginState;
import io.gonext.host.StoreException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.internal.audit.AuditLog;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.log.PluginLogs;
import io.gonext.host.internal.store.NextRevision;
import io.gonext.host.manifest.Bundle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Makes this host serve what the store says, whoever changed it, and records what fails. It does
 * not change the store, because other hosts may run the plugin well. Only with an embedded store
 * does a plugin that cannot start become ERRORED.
 *
 * <p>Callers of the methods that take a name hold the plugin's change lock.
 */
final class NodeSync {
  private static final Logger log = LoggerFactory.getLogger(NodeSync.class);

  private static final String UNTRUSTED = "not trusted: ";

  private final Installed installed;
  private final Serving serving;
  private final Switchover switchover;
  private final ChangeLocks changes;
  private final HostServices services;
  private final Grants grants;
  private final AuditLog audit;
  private final PluginLogs logs;
  private final NodeFaults faults;

  /** Why a plugin is ERRORED, by name, as the store said last. */
  private final Map<String, String> errored = new ConcurrentHashMap<>();

  /** Why versions in service are no longer trusted, by plugin, where the policy is enforced. */
  private volatile Map<String, String> untrusted = Map.of();

  NodeSync(
      Installed installed,
      Serving serving,
      Switchover switchover,
      ChangeLocks changes,
      HostServices services) {
    this.installed = installed;
    this.serving = serving;
    this.switchover = switchover;
    this.changes = changes;
    this.services = services;
    this.grants = services.grants();
    this.audit = services.audit();
    this.logs = services.logs();
    this.faults = new NodeFaults(services.clock(), System::nanoTime);
  }

  void untrusted(Map<String, String> reasons) {
    untrusted = Map.copyOf(reasons);
  }

  NodeFaults faults() {
    return faults;
  }

  /** See {@link Lifecycle#troubles}. */
  Map<String, String> troubles() {
    Map<String, String> troubles = new TreeMap<>();
    errored.forEach((name, why) -> troubles.put(name, PluginState.ERRORED + ": " + why));
    faults.list().forEach(fault -> troubles.put(fault.plugin(), fault.cause()));
    serving.all().forEach(slot -> slot.trouble().ifPresent(why -> troubles.put(slot.name(), why)));
    untrusted.forEach((name, why) -> troubles.put(name, UNTRUSTED + why));
    return troubles;
  }

  /** May be behind a change that another host has just made. */
  Optional<String> trouble(StoredPlugin plugin) {
    if (plugin.state() == PluginState.ERRORED) {
      return Optional.of(PluginState.ERRORED + ": " + plugin.cause());
    }
    Optional<String> fault =
        faults.list().stream()
            .filter(f -> f.plugin().equals(plugin.name()))
            .map(NodeFault::cause)
            .findAny();
    PluginSlot slot = serving.slot(plugin.name());
    String distrust = untrusted.get(plugin.name());
    if (fault.isEmpty() && slot != null && distrust != null) {
      return Optional.of(UNTRUSTED + distrust);
    }
    return fault.isPresent() || slot == null ? fault : slot.trouble();
  }

  /** A plugin has become ERRORED. */
  void gaveUp(StoredPlugin plugin, String event, String cause) {
    errored.put(plugin.name(), cause);
    record(plugin, event, cause);
  }

  /** Forgets the faults of a plugin that was changed here. */
  void changed(String name) {
    errored.remove(name);
    faults.clear(name);
    faults.retryAll();
  }

  /** Forgets a plugin that is no longer installed. */
  void forget(String name) {
    changed(name);
    serving.takeOut(name);
    grants.forget(name);
    services.forget(name);
    serving.forget(name);
    logs.forget(name);
  }

  /**
   * Starts, swaps or stops the plugin, or does nothing. A failure leaves in service what served
   * before.
   */
  void converge(String name) throws InterruptedException {
    converge(name, null);
  }

  /**
   * @param cold gets the plugin, if it is started, to be exercised later; null to exercise it first
   */
  private void converge(String name, @Nullable List<WarmStart.Cold> cold)
      throws InterruptedException {
    Optional<StoredPlugin> found = installed.store().find(name);
    if (found.isEmpty()) {
      forget(name);
      return;
    }
    StoredPlugin stored = found.get();
    if (stored.state() == PluginState.ACTIVE) {
      StoredVersion wanted = stored.current();
      PluginSlot slot = serving.slot(name);
      if (slot == null || !slot.version().sha256().equals(wanted.sha256())) {
        Delivered delivered = installed.delivered(stored, wanted);
        if (cold == null) {
          switchover.follow(delivered);
        } else {
          cold.add(switchover.open(delivered));
        }
        faults.retryAll();
      }
    } else {
      serving.takeOut(name);
    }
    if (stored.cause() == null) {
      errored.remove(name);
    } else {
      errored.put(name, stored.cause());
    }
    faults.clear(name);
  }

  /** As {@link #converge}, but records a failure as a fault, to try again later. */
  void convergeOrKeepFault(String name) throws InterruptedException {
    try {
      converge(name);
    } catch (RuntimeException | Error e) {
      NodeFault fault = faults.add(name, reasonOf(e));
      if (fault.attempts() == 1) {
        log.error(
            "{} is not what the store says, will try again: {}",
            name,
            fault.cause(),
            e instanceof HostException ? null : e);
      }
    }
  }

  /** See {@link Lifecycle#startActive}. */
  List<WarmStart.Cold> startActive() throws InterruptedException {
    List<WarmStart.Cold> cold = new ArrayList<>();
    List<StoredPlugin> plugins = installed.store().list();
    for (StoredPlugin stored : plugins) {
      if (stored.cause() != null) {
        errored.put(stored.name(), stored.cause());
      }
    }
    List<StoredPlugin> waiting =
        new ArrayList<>(plugins.stream().filter(p -> p.state() == PluginState.ACTIVE).toList());
    // Dependencies first: each round starts the plugins whose dependencies are in service.
    boolean progress = true;
    while (progress && !waiting.isEmpty()) {
      progress = false;
      for (StoredPlugin stored : List.copyOf(waiting)) {
        if (start(stored, cold)) {
          waiting.remove(stored);
          progress = true;
        }
      }
    }
    for (StoredPlugin stored : waiting) {
      cannotStart(stored, "what it depends on is not active", null);
    }
    return cold;
  }

  /** Tries to start a plugin; false when its dependencies do not serve yet. */
  private boolean start(StoredPlugin stored, List<WarmStart.Cold> cold)
      throws InterruptedException {
    try {
      Bundle bundle = installed.bundleOf(stored, stored.current());
      if (serving.unmet(bundle.manifest()).isPresent()) {
        return false;
      }
      changes.holdInterruptibly(
          stored.name(),
          () -> {
            converge(stored.name(), cold);
            return true;
          });
    } catch (StoreException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // No failure of one plugin may prevent the start of the others.
      cannotStart(stored, reasonOf(e), e);
    }
    return true;
  }

  private void cannotStart(StoredPlugin stored, String why, @Nullable Throwable e) {
    log.error("{} is not in service: {}", stored.id(), why, e instanceof HostException ? null : e);
    if (installed.store().isShared()) {
      faults.add(stored.name(), why);
      record(stored, "activate_failed", why);
    } else {
      installed.store().change(stored, NextRevision.errored(stored, why));
      gaveUp(stored, "activate_failed", why);
    }
  }

  /** The version in service is not to serve any more, as the trust policy of this host says. */
  void stopUntrusted(StoredPlugin stored, String why) {
    serving.takeOut(stored.name());
    if (installed.store().isShared()) {
      faults.add(stored.name(), why);
    } else {
      try {
        installed.change(stored, NextRevision.errored(stored, why));
        errored.put(stored.name(), why);
      } catch (StoreException e) {
        faults.add(stored.name(), why);
      }
    }
  }

  private static String reasonOf(Throwable e) {
    return e instanceof HostException known ? known.getMessage() : e.toString();
  }

  private void record(StoredPlugin plugin, String event, String reason) {
    audit.record(
        plugin.name(),
        plugin.current().version(),
        event,
        "host",
        JsonNodeFactory.instance.objectNode().put("reason", reason));
  }
}
