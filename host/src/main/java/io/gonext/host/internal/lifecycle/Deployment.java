package io.gonext.host.internal.lifecycle;

import io.gonext.host.ConflictException;
import io.gonext.host.DeployResult;
import io.gonext.host.DevelopResult;
import io.gonext.host.InstallResult;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UpdateResult;
import io.gonext.host.internal.capability.Grants;
import io.gonext.host.internal.lifecycle.PluginLoader.CheckedModule;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a bundle in service, whatever was there: for an application that brings its plugins along,
 * and for an author's own machine. The plugin's change lock is held.
 */
final class Deployment {
  private static final Logger log = LoggerFactory.getLogger(Deployment.class);

  /** How often a deployment looks again, where other hosts change the same plugin. */
  private static final int ATTEMPTS = 5;

  private final Installed installed;
  private final PluginLoader loader;
  private final Grants grants;
  private final Serving serving;
  private final Updates updates;
  private final Activation activation;

  Deployment(
      Installed installed,
      PluginLoader loader,
      Grants grants,
      Serving serving,
      Updates updates,
      Activation activation) {
    this.installed = installed;
    this.loader = loader;
    this.grants = grants;
    this.serving = serving;
    this.updates = updates;
    this.activation = activation;
  }

  /** See {@link Lifecycle#install}. */
  InstallResult install(Delivered delivered) {
    Bundle bundle = delivered.bundle();
    Manifest manifest = bundle.manifest();
    Optional<StoredPlugin> found = installed.store().find(manifest.name());
    if (found.isPresent()) {
      return alreadyInstalled(delivered, found.get());
    }
    installed.refuseCycle(manifest);
    CheckedModule checked = updates.checkNew(delivered);
    if (!installed
        .store()
        .insert(
            manifest.name(),
            updates.versionOf(checked),
            bundle.bytes(),
            delivered.signatureFiles())) {
      return alreadyInstalled(delivered, installed.require(manifest.name()));
    }
    log.info("installed {} sha256:{}", manifest.id(), bundle.sha256());
    return new InstallResult(
        manifest, bundle.sha256(), false, checked.module().compileTime(), checked.warnings());
  }

  /** See {@link Lifecycle#check}. */
  CheckedModule check(Delivered delivered) {
    installed.refuseCycle(delivered.bundle().manifest());
    return updates.checkNew(delivered);
  }

  private InstallResult alreadyInstalled(Delivered delivered, StoredPlugin installed) {
    Bundle bundle = delivered.bundle();
    if (!installed.current().sha256().equals(bundle.sha256())) {
      throw new ConflictException(
          installed.id() + " is installed from another bundle: update it instead");
    }
    updates.addSignatures(installed, delivered);
    return new InstallResult(bundle.manifest(), bundle.sha256(), true, Duration.ZERO, List.of());
  }

  /** See {@link Lifecycle#deploy}. */
  DeployResult deploy(Delivered delivered, Set<String> granted, String actor)
      throws InterruptedException {
    String name = delivered.bundle().manifest().name();
    for (int attempt = 1; ; attempt++) {
      Optional<StoredPlugin> before = installed.store().find(name);
      try {
        return deploy(delivered, granted, actor, before);
      } catch (ConflictException e) {
        if (attempt == ATTEMPTS || before.equals(installed.store().find(name))) {
          throw e;
        }
      }
    }
  }

  private DeployResult deploy(
      Delivered delivered, Set<String> granted, String actor, Optional<StoredPlugin> before)
      throws InterruptedException {
    Bundle bundle = delivered.bundle();
    Manifest manifest = bundle.manifest();
    String name = manifest.name();
    SortedSet<String> had = grants.of(manifest).granted();
    boolean wasActive = before.filter(stored -> stored.state() == PluginState.ACTIVE).isPresent();
    DeployResult.Action action;
    List<String> warnings = List.of();
    if (before.isEmpty()) {
      InstallResult installedNow = install(delivered);
      // Another host may have installed the same bundle first.
      action =
          installedNow.unchanged() ? DeployResult.Action.UNCHANGED : DeployResult.Action.INSTALLED;
      warnings = installedNow.warnings();
    } else {
      switch (updates.update(delivered, granted, actor)) {
        case UpdateResult.Unchanged _ -> action = DeployResult.Action.UNCHANGED;
        case UpdateResult.Replaced replaced -> {
          action = DeployResult.Action.UPDATED;
          warnings = replaced.warnings();
        }
        case UpdateResult.AwaitingApproval _ -> {
          return deployed(
              DeployResult.Action.AWAITING_APPROVAL, bundle, before, had, had, false, warnings);
        }
      }
    }
    SortedSet<String> has = grants.grantUndecided(manifest, granted, actor).granted();
    if (installed.require(name).state() == PluginState.ERRORED) {
      activation.reset(name);
    }
    activation.activate(name);
    List<String> all = new ArrayList<>(warnings);
    all.addAll(activation.deniedTo(manifest));
    return deployed(action, bundle, before, had, has, !wasActive, all);
  }

  private static DeployResult deployed(
      DeployResult.Action action,
      Bundle bundle,
      Optional<StoredPlugin> before,
      SortedSet<String> had,
      SortedSet<String> has,
      boolean activated,
      List<String> warnings) {
    SortedSet<String> added = new TreeSet<>(has);
    added.removeAll(had);
    return new DeployResult(
        action,
        bundle.manifest().name(),
        bundle.manifest().version().toString(),
        bundle.sha256(),
        before.map(stored -> stored.current().version()).orElse(""),
        added,
        activated,
        warnings);
  }

  /** See {@link Lifecycle#develop}. */
  DevelopResult develop(Bundle bundle, String actor, Runnable configure)
      throws InterruptedException {
    Delivered delivered = Delivered.development(bundle);
    String name = bundle.manifest().name();
    long begin = System.nanoTime();
    long failedBefore = serving.failedTurns(name);
    boolean served = serving.slot(name) != null;
    List<String> warnings = List.of();
    Optional<StoredPlugin> stored = installed.store().find(name);
    if (stored.isEmpty()) {
      warnings = install(delivered).warnings();
      configure.run();
    } else {
      configure.run();
      boolean same = stored.get().current().sha256().equals(bundle.sha256());
      if (same && served) {
        return developed(DevelopResult.Action.UNCHANGED, bundle, warnings, begin, failedBefore);
      }
      if (stored.get().state() == PluginState.ERRORED) {
        // Reset only for a bundle that passes the checks.
        var _ = loader.check(delivered);
        activation.reset(name);
      }
      UpdateResult updated = updates.update(delivered);
      if (updated instanceof UpdateResult.AwaitingApproval) {
        updated = updates.approve(name, version -> true, actor);
      }
      if (updated instanceof UpdateResult.Replaced replaced) {
        warnings = replaced.warnings();
      }
    }
    grants.grantUndecided(bundle.manifest(), actor);
    activation.activate(name);
    return developed(
        served ? DevelopResult.Action.RELOADED : DevelopResult.Action.INSTALLED,
        bundle,
        warnings,
        begin,
        failedBefore);
  }

  private DevelopResult developed(
      DevelopResult.Action action,
      Bundle bundle,
      List<String> warnings,
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
        serving.failedTurns(manifest.name()) - failedBefore,
        warnings);
  }
}
