package io.gonext.host.internal.lifecycle;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.ConflictException;
import io.gonext.host.PluginState;
import io.gonext.host.Provenance;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.UpdateResult;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.lifecycle.PluginLoader.CheckedModule;
import io.gonext.host.internal.store.NextRevision;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Reach;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces the version of an installed plugin by another, in the store and, when the plugin serves,
 * in service. The plugin's change lock is held.
 */
final class Updates {
  private static final Logger log = LoggerFactory.getLogger(Updates.class);

  private final Installed installed;
  private final PluginLoader loader;
  private final Serving serving;
  private final Switchover switchover;
  private final NodeSync sync;
  private final HostServices services;
  private final Grants grants;
  private final InstantSource clock;
  private final Duration keepPrevious;

  Updates(
      Installed installed,
      PluginLoader loader,
      Serving serving,
      Switchover switchover,
      NodeSync sync,
      HostServices services,
      Duration keepPrevious) {
    this.installed = installed;
    this.loader = loader;
    this.serving = serving;
    this.switchover = switchover;
    this.sync = sync;
    this.services = services;
    this.grants = services.grants();
    this.clock = services.clock();
    this.keepPrevious = keepPrevious;
  }

  StoredVersion versionOf(CheckedModule checked) {
    Bundle bundle = checked.bundle();
    return new StoredVersion(
        bundle.manifest().version().toString(),
        bundle.sha256(),
        clock.instant(),
        checked.provenance());
  }

  /**
   * Keeps signatures that come with the bundle that is current already, beside those that the store
   * has: another host on the store may need them.
   */
  void addSignatures(StoredPlugin stored, Delivered delivered) {
    if (delivered.verification().signatures().isEmpty()) {
      return;
    }
    Delivered known = installed.delivered(stored, stored.current());
    Delivered signed = known.signedBy(delivered.verification().signatures());
    if (signed.signatureFiles().size() == known.signatureFiles().size()) {
      return;
    }
    Provenance found = installed.trust().require(signed).provenance();
    Provenance before = stored.current().provenance();
    Provenance kept = before.isTrusted() && !found.isTrusted() ? before : found;
    if (!installed.store().sign(stored, kept, signed.signatureFiles())) {
      throw Installed.changedByOther(stored.name());
    }
    sync.faults().retryAll();
    log.info("{} has more signatures: {}", stored.id(), kept.summary());
  }

  /** How the capabilities of the waiting version differ from those of the current one. */
  Optional<CapabilityChanges> pendingChanges(StoredPlugin stored) {
    return pendingManifest(stored)
        .map(pending -> CapabilityChanges.between(current(stored), pending, grants.registry()));
  }

  /** The manifest of the version that waits; empty when none waits that this host can read. */
  Optional<Manifest> pendingManifest(StoredPlugin stored) {
    if (stored.pending() == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(installed.bundleOf(stored, stored.pending()).manifest());
    } catch (BundleRejectedException | ConflictException e) {
      // This host cannot read the bundle, or the version was approved or rejected meanwhile.
      return Optional.empty();
    }
  }

  /** The manifest of the current version; empty when this host can no longer read it. */
  private Optional<Manifest> current(StoredPlugin stored) {
    PluginSlot slot = serving.slot(stored.name());
    ActivePlugin serves = slot == null ? null : slot.version();
    if (serves != null && serves.sha256().equals(stored.current().sha256())) {
      return Optional.of(serves.manifest());
    }
    return installed.readable(stored);
  }

  UpdateResult update(Delivered delivered) throws InterruptedException {
    return update(delivered, Set.of(), "");
  }

  /**
   * As {@link #update(Delivered)}, for a version that may have some capabilities which the current
   * version does not request, and may reach more by them.
   *
   * @param granted capabilities that the new version requests
   * @param actor who grants them, for the record
   */
  UpdateResult update(Delivered delivered, Set<String> granted, String actor)
      throws InterruptedException {
    Bundle bundle = delivered.bundle();
    Manifest manifest = bundle.manifest();
    StoredPlugin stored = installed.require(manifest.name());
    if (stored.current().sha256().equals(bundle.sha256())) {
      addSignatures(stored, delivered);
      return new UpdateResult.Unchanged(stored.current().version());
    }
    installed.refuseCycle(manifest);
    CheckedModule checked = checkNew(delivered);
    StoredVersion version = versionOf(checked);
    Optional<Manifest> current = current(stored);
    SortedSet<String> before = current.map(Manifest::requestedCapabilities).orElseGet(TreeSet::new);
    forgetDecisionsForAnother(stored, version, before);
    SortedSet<String> asked = grants.carryOver(stored.current().version(), before, manifest);
    // An earlier bundle with this version may have been removed together with its grants.
    grants.refresh(manifest.name());
    asked.removeAll(granted);
    CapabilityChanges changes = CapabilityChanges.between(current, manifest, grants.registry());
    List<Reach.Way> wider =
        changes.wider().stream().filter(way -> !granted.contains(way.capability())).toList();
    List<String> obstacles = obstacles(stored, manifest);
    if (asked.isEmpty() && wider.isEmpty() && obstacles.isEmpty()) {
      grants.grantUndecided(manifest, granted, actor);
      return replace(stored, version, checked);
    }
    installed.change(stored, NextRevision.awaiting(stored, version), version, delivered);
    log.info(
        "{} waits for approval: it asks for {}, reaches {}, obstacles: {}",
        manifest.id(),
        asked,
        wider,
        obstacles);
    return new UpdateResult.AwaitingApproval(
        stored.current().version(), version.version(), version.sha256(), changes, obstacles);
  }

  /** Checks a bundle that comes in. */
  CheckedModule checkNew(Delivered delivered) {
    CheckedModule checked = loader.checkNew(delivered);
    return checked.with(installed.refuseDowngrade(delivered, checked.provenance()));
  }

  /** Why a version cannot serve at once, a sentence each; none for a plugin that does not serve. */
  private List<String> obstacles(StoredPlugin stored, Manifest manifest) {
    return stored.state() == PluginState.ACTIVE ? services.obstacles(manifest) : List.of();
  }

  /**
   * Deletes decisions that were made on another bundle with the same version number. The new bundle
   * keeps only the decisions that every update takes over: those on capabilities that the current
   * version requests.
   */
  private void forgetDecisionsForAnother(
      StoredPlugin stored, StoredVersion version, SortedSet<String> requestedByCurrent) {
    if (version.version().equals(stored.current().version())) {
      grants.forgetBut(stored.name(), version.version(), requestedByCurrent);
    } else if (Stream.of(stored.previous(), stored.pending())
        .filter(Objects::nonNull)
        .anyMatch(kept ->
            kept.version().equals(version.version()) && !kept.sha256().equals(version.sha256()))) {
      grants.forgetBut(stored.name(), version.version(), Set.of());
    }
  }

  UpdateResult approve(String name, Predicate<StoredVersion> meant, String actor)
      throws InterruptedException {
    StoredPlugin stored = waiting(name, meant);
    StoredVersion pending = Objects.requireNonNull(stored.pending());
    Delivered delivered = installed.delivered(stored, pending);
    Bundle bundle = delivered.bundle();
    installed.refuseCycle(bundle.manifest());
    CheckedModule checked = loader.checkNew(delivered);
    requireNoObstacles(stored, bundle.manifest());
    grants.grantUndecided(bundle.manifest(), actor);
    return replace(stored, pending, checked);
  }

  private void requireNoObstacles(StoredPlugin stored, Manifest manifest) {
    if (stored.state() == PluginState.ACTIVE) {
      services.requireNoObstacles(
          manifest, "; if the version in service needs other values, deactivate it first");
    }
  }

  StoredVersion reject(String name, Predicate<StoredVersion> meant) {
    StoredPlugin stored = waiting(name, meant);
    installed.change(stored, NextRevision.withoutPending(stored));
    return Objects.requireNonNull(stored.pending());
  }

  private StoredPlugin waiting(String name, Predicate<StoredVersion> meant) {
    StoredPlugin stored = installed.require(name);
    StoredVersion pending = stored.pending();
    if (pending == null) {
      throw new ConflictException("no version of " + name + " waits for approval");
    }
    if (!meant.test(pending)) {
      throw new ConflictException(
          "another version of "
              + name
              + " waits for approval: "
              + pending.version()
              + " sha256:"
              + pending.sha256());
    }
    return stored;
  }

  UpdateResult rollback(String name) throws InterruptedException {
    StoredPlugin stored = withoutExpired(installed.require(name));
    if (stored.previous() == null) {
      throw new ConflictException(
          "no earlier version of "
              + name
              + " is kept: one is for "
              + keepPrevious
              + " after an update");
    }
    Delivered delivered = installed.delivered(stored, stored.previous());
    Bundle bundle = delivered.bundle();
    installed.refuseCycle(bundle.manifest());
    requireNoObstacles(stored, bundle.manifest());
    return replace(stored, stored.previous(), loader.check(delivered));
  }

  boolean isExpired(StoredPlugin stored) {
    Instant replacedAt = stored.replacedAt();
    return replacedAt != null && !clock.instant().isBefore(replacedAt.plus(keepPrevious));
  }

  private StoredPlugin withoutExpired(StoredPlugin stored) {
    if (!isExpired(stored)) {
      return stored;
    }
    installed.change(stored, NextRevision.withoutPrevious(stored));
    return installed.require(stored.name());
  }

  private UpdateResult replace(StoredPlugin stored, StoredVersion version, CheckedModule checked)
      throws InterruptedException {
    Delivered delivered = checked.delivered();
    Manifest manifest = checked.bundle().manifest();
    StoredPlugin next = NextRevision.replacedBy(stored, version, clock.instant());
    Switchover.Done done;
    if (stored.state() == PluginState.ACTIVE) {
      done =
          switchover.make(
              checked,
              () -> {
                serving.requireDependencies(manifest);
                serving.refuseForDependents(manifest);
              },
              () -> installed.change(stored, next, version, delivered));
      log.info("{} replaces {}", manifest.id(), stored.id());
    } else {
      installed.change(stored, next, version, delivered);
      done = Switchover.Done.NOT_IN_SERVICE;
      log.info("{} replaces {}, not in service", manifest.id(), stored.id());
    }
    if (serving.slot(manifest.name()) != null) {
      sync.changed(manifest.name());
    }
    return new UpdateResult.Replaced(
        stored.current().version(),
        version.version(),
        version.sha256(),
        done.swap(),
        done.warmUpCalls(),
        checked.warnings());
  }
}
