package io.gonext.host.internal.lifecycle;

import io.gonext.host.ConflictException;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.store.NextRevision;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts installed plugins in service, and takes them out of service. The plugin's change lock is
 * held.
 */
final class Activation {
  private static final Logger log = LoggerFactory.getLogger(Activation.class);

  private final Installed installed;
  private final PluginLoader loader;
  private final HostServices services;
  private final Grants grants;
  private final Serving serving;
  private final Switchover switchover;
  private final NodeSync sync;

  Activation(
      Installed installed,
      PluginLoader loader,
      HostServices services,
      Serving serving,
      Switchover switchover,
      NodeSync sync) {
    this.installed = installed;
    this.loader = loader;
    this.services = services;
    this.grants = services.grants();
    this.serving = serving;
    this.switchover = switchover;
    this.sync = sync;
  }

  /** A sentence for each requested capability that was not granted or is not offered. */
  List<String> deniedTo(Manifest manifest) {
    List<String> warnings = new ArrayList<>();
    SortedSet<String> missing = new TreeSet<>(grants.of(manifest).missing());
    for (String id : manifest.requestedCapabilities()) {
      grants
          .registry()
          .notOffered(id)
          .ifPresent(why -> {
            missing.remove(id);
            warnings.add(why + ": what needs it is denied to " + manifest.id());
          });
    }
    if (!missing.isEmpty()) {
      warnings.add(
          manifest.id()
              + " was not granted "
              + String.join(", ", missing)
              + ": what needs it is denied until it is granted");
    }
    warnings.forEach(warning -> log.warn("{}", warning));
    return List.copyOf(warnings);
  }

  /** See {@link Lifecycle#activate}. */
  void activate(String name) throws InterruptedException {
    StoredPlugin stored = installed.require(name);
    if (stored.state() == PluginState.ACTIVE) {
      sync.converge(name);
      return;
    }
    if (stored.state() == PluginState.ERRORED) {
      throw new ConflictException(
          stored.id() + " is ERRORED (" + stored.cause() + "): reset it first");
    }
    StoredPlugin next = NextRevision.in(stored, PluginState.ACTIVE);
    serving.takeOut(name);
    Delivered delivered = installed.delivered(stored, stored.current());
    Bundle bundle = delivered.bundle();
    serving.requireDependencies(bundle.manifest());
    services.requireNoObstacles(bundle.manifest(), "");
    try {
      switchover.make(
          loader.check(delivered),
          () -> serving.requireDependencies(bundle.manifest()),
          () -> installed.change(stored, next));
      sync.changed(name);
    } catch (ConflictException e) {
      // Another host may have activated it: then follow that change.
      if (installed.require(name).state() != PluginState.ACTIVE) {
        throw e;
      }
      sync.converge(name);
    }
  }

  /** See {@link Lifecycle#deactivate}; without its dependents. */
  void deactivate(String name) throws InterruptedException {
    StoredPlugin stored = installed.require(name);
    if (stored.state() != PluginState.ACTIVE) {
      throw new ConflictException(name + " is not active");
    }
    serving.refuseWhileNeeded(name);
    // Null when this host could not start a plugin that is active in the store.
    PluginSlot slot = serving.slot(name);
    if (slot != null) {
      slot.version().askToStop();
    }
    @Nullable ActivePlugin last =
        serving.<@Nullable ActivePlugin>atomically(() -> {
          serving.refuseWhileNeeded(name);
          installed.change(stored, NextRevision.in(stored, PluginState.INACTIVE));
          return serving.close(name);
        });
    sync.changed(name);
    if (last != null) {
      serving.stop(last);
    }
    log.info("deactivated {}", stored.id());
  }

  /**
   * Makes a plugin ERRORED and takes it out of service. Does nothing when another version serves by
   * now.
   */
  void giveUp(ActivePlugin failing, String cause) {
    String name = failing.manifest().name();
    PluginSlot slot = serving.slot(name);
    Optional<StoredPlugin> stored = installed.store().find(name);
    if (slot == null || slot.version() != failing || stored.isEmpty()) {
      return;
    }
    serving.atomically(() -> {
      installed.change(stored.get(), NextRevision.errored(stored.get(), cause));
      return serving.close(name);
    });
    log.error("{} is out of service: {}", failing.manifest().id(), cause);
    sync.gaveUp(stored.get(), "errored", cause);
    serving.retire(failing);
  }

  /** See {@link Lifecycle#reset}. */
  void reset(String name) {
    StoredPlugin stored = installed.require(name);
    if (stored.state() != PluginState.ERRORED) {
      throw new ConflictException(name + " is " + stored.state() + ", not ERRORED");
    }
    installed.change(stored, NextRevision.in(stored, PluginState.INACTIVE));
    sync.changed(name);
    log.info("{} was reset", stored.id());
  }
}
