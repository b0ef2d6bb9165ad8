package io.gonext.cli.admin;

import io.gonext.cli.admin.FleetHost.Installed;
import io.gonext.cli.admin.FleetStep.Action;
import io.gonext.cli.fetch.Digest;
import io.gonext.host.PluginState;
import io.gonext.host.manifest.ConfigSchema;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Compares a host with a file, and plans what makes them equal. It changes nothing. Problems that
 * show before the first change are all named together. For one use.
 */
final class FleetPlanner {
  private final FleetHost host;
  private final FleetBundles bundles;
  private final boolean prune;

  private final SortedMap<String, FleetTarget> targets = new TreeMap<>();
  private final SortedMap<String, Installed> pruned = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final SortedMap<String, Set<String>> missing = new TreeMap<>();

  /** Why a plugin that serves is taken out of service, by name. */
  private final Map<String, String> stops = new TreeMap<>();

  /** The steps of each plugin between the first and the last. */
  private final Map<String, List<FleetStep>> changes = new HashMap<>();

  FleetPlanner(FleetHost host, FleetBundles bundles, boolean prune) {
    this.host = host;
    this.bundles = bundles;
    this.prune = prune;
  }

  /**
   * The plan for a file.
   *
   * @throws AdminException when the file cannot be applied, with all reasons
   */
  FleetPlan plan(FleetFile file) throws InterruptedException {
    Map<String, FleetFile.Entry> entries = new TreeMap<>();
    file.requireDigests().forEach(entry -> entries.put(entry.name(), entry));
    collect(entries);
    requireDependencies();
    for (FleetTarget target : targets.values()) {
      if (target.entry().isPresent()) {
        planChanges(target, target.entry().get());
      }
    }
    if (!problems.isEmpty()) {
      throw FleetFile.wrong(file.path(), problems);
    }
    planStops();
    Map<String, Set<String>> needs = new HashMap<>();
    targets.forEach((name, target) -> needs.put(name, FleetTarget.names(target.depends())));
    return new FleetPlan(
        steps(needs),
        entries,
        needs,
        missing,
        targets.keySet().stream().filter(name -> !entries.containsKey(name)).toList(),
        notes);
  }

  private void collect(Map<String, FleetFile.Entry> entries) throws InterruptedException {
    SortedMap<String, Installed> installed = host.plugins();
    for (FleetFile.Entry entry : entries.values()) {
      Optional<Installed> now = Optional.ofNullable(installed.remove(entry.name()));
      boolean stays =
          now.filter(has -> Digest.ofHex(has.sha256()).equals(entry.digest())).isPresent();
      targets.put(
          entry.name(),
          new FleetTarget(
              entry.name(),
              Optional.of(entry),
              now,
              stays ? Optional.empty() : Optional.of(manifest(entry))));
    }
    if (prune) {
      pruned.putAll(installed);
    } else {
      installed.forEach((name, now) ->
          targets.put(
              name, new FleetTarget(name, Optional.empty(), Optional.of(now), Optional.empty())));
    }
  }

  private Manifest manifest(FleetFile.Entry entry) throws InterruptedException {
    FleetBundles.Found found = bundles.find(entry);
    if (!found.refusal().isEmpty()) {
      problems.add(
          entry.name() + ": the host's trust policy refuses the bundle: " + found.refusal());
    }
    if (!found.note().isEmpty()) {
      notes.add(entry.name() + ": " + found.note());
    }
    return found.manifest();
  }

  /** Each plugin that shall serve needs what it depends on. */
  private void requireDependencies() {
    for (FleetTarget target : targets.values()) {
      if (!target.willBeActive()) {
        continue;
      }
      for (Manifest.Dependency dependency : target.depends()) {
        FleetTarget needed = targets.get(dependency.name());
        String needs = target.name() + " needs " + dependency.name() + " ";
        if (needed == null) {
          problems.add(
              needs
                  + dependency.versionRange()
                  + (pruned.containsKey(dependency.name())
                      ? ", which --prune removes: add it to the file"
                      : ", which is not installed: add it to the file"));
        } else if (!dependency.versionRange().contains(needed.version())) {
          problems.add(
              needs
                  + dependency.versionRange()
                  + ", and it would have version "
                  + needed.version());
        } else if (!needed.willBeActive()) {
          problems.add(needs + "in service, and it would be inactive");
        }
      }
    }
  }

  private void planChanges(FleetTarget target, FleetFile.Entry entry) throws InterruptedException {
    planSecrets(target);
    List<FleetStep> steps = new ArrayList<>();
    planBundle(target, steps);
    planGrants(target, entry, steps);
    planConfig(target, entry, steps);
    changes.put(target.name(), steps);
    if (target.isActive() && !entry.isActive()) {
      stops.put(target.name(), "");
    }
  }

  private static void planBundle(FleetTarget target, List<FleetStep> steps) {
    target
        .next()
        .ifPresent(next -> {
          String version = next.version().toString();
          steps.add(
              target
                  .now()
                  .map(now ->
                      new FleetStep(target.name(), Action.UPDATE, now.version() + " -> " + version))
                  .orElseGet(() -> new FleetStep(target.name(), Action.INSTALL, version)));
        });
  }

  private void planSecrets(FleetTarget target) throws InterruptedException {
    if (!target.willBeActive() || (target.isActive() && target.next().isEmpty())) {
      return;
    }
    SortedSet<String> unset = new TreeSet<>();
    if (target.next().isPresent()) {
      target.next().get().secrets().stream()
          .filter(Manifest.Secret::required)
          .forEach(secret -> unset.add(secret.name()));
      if (target.now().isPresent()) {
        unset.removeAll(host.secrets(target.name(), true));
      }
    } else {
      unset.addAll(host.secrets(target.name(), false));
    }
    if (!unset.isEmpty()) {
      missing.put(target.name(), unset);
    }
  }

  private void planGrants(FleetTarget target, FleetFile.Entry entry, List<FleetStep> steps)
      throws InterruptedException {
    FleetHost.Granted now =
        target.now().isPresent()
            ? host.grants(target.name())
            : new FleetHost.Granted(new TreeSet<>(), new TreeSet<>());
    SortedSet<String> requested =
        target.next().map(Manifest::requestedCapabilities).orElse(now.requested());
    SortedSet<String> added = FleetTarget.decided(requested);
    added.removeAll(now.requested());
    if (entry.grants().isEmpty()) {
      if (target.isUpdate() && !added.isEmpty()) {
        problems.add(
            target.name()
                + " "
                + target.version()
                + " requests "
                + String.join(", ", added)
                + ", which its current version does not: list in grants what it shall have");
      }
      return;
    }
    SortedSet<String> wanted = entry.grants().get();
    SortedSet<String> unknown = new TreeSet<>(wanted);
    unknown.removeAll(requested);
    if (!unknown.isEmpty()) {
      problems.add(
          target.name()
              + " does not request "
              + String.join(", ", unknown)
              + (requested.isEmpty()
                  ? "; it requests nothing"
                  : "; it requests " + String.join(", ", requested)));
      return;
    }
    SortedSet<String> plus = FleetTarget.decided(wanted);
    plus.removeAll(now.granted());
    SortedSet<String> minus = FleetTarget.decided(now.granted());
    minus.retainAll(requested);
    minus.removeAll(wanted);
    if (!plus.isEmpty() || !minus.isEmpty()) {
      List<String> parts = new ArrayList<>();
      plus.forEach(id -> parts.add("+" + id));
      minus.forEach(id -> parts.add("-" + id));
      steps.add(new FleetStep(target.name(), Action.GRANTS, String.join(" ", parts)));
    }
    added.removeAll(wanted);
    if (target.isUpdate() && !added.isEmpty()) {
      // An approval grants all; they are revoked before the plugin serves again.
      stop(target, "it gets " + target.version() + " without " + String.join(", ", added));
      if (steps.stream().noneMatch(step -> step.action() == Action.GRANTS)) {
        steps.add(
            new FleetStep(target.name(), Action.GRANTS, "without " + String.join(", ", added)));
      }
    }
  }

  private void planConfig(FleetTarget target, FleetFile.Entry entry, List<FleetStep> steps)
      throws InterruptedException {
    if (entry.config().isEmpty()) {
      return;
    }
    Optional<JsonNode> now =
        target.now().isPresent() ? host.config(target.name()) : Optional.empty();
    Optional<ConfigSchema> schema =
        target.next().isPresent()
            ? target.next().get().config()
            : now.map(answer -> ConfigSchema.of(answer.path("schema")));
    if (schema.isEmpty()) {
      problems.add(
          target.name()
              + " has no configuration: its manifest has no config.schema; remove config");
      return;
    }
    List<String> wrong = FleetConfig.problems(schema.get(), entry.config().get(), target.name());
    problems.addAll(wrong);
    boolean same =
        now.filter(answer -> FleetHost.isSame(answer.path("values"), entry.config().get()))
            .isPresent();
    if (same || !wrong.isEmpty()) {
      return;
    }
    FleetStep step =
        new FleetStep(
            target.name(),
            Action.CONFIG,
            FleetConfig.changes(now.map(answer -> answer.path("values")), entry.config().get()));
    if (!target.isUpdate() || !target.isActive()) {
      steps.add(step);
    } else if (now.isPresent()
        && ConfigSchema.of(now.get().path("schema")).problems(entry.config().get()).isEmpty()) {
      // Both versions accept the values, so the plugin can serve all the time.
      steps.addFirst(step);
    } else {
      stop(target, "its versions do not accept the same configuration");
      steps.add(step);
    }
  }

  /** Without the secrets that it needs a plugin could not serve again, so it is not stopped. */
  private void stop(FleetTarget target, String why) {
    if (target.isActive() && !missing.containsKey(target.name())) {
      stops.putIfAbsent(target.name(), why);
    }
  }

  /** Adds the plugins that cannot serve while others are changed. */
  private void planStops() {
    pruned.values().stream()
        .filter(Installed::isActive)
        .forEach(plugin -> stops.put(plugin.name(), ""));
    for (boolean more = true; more; ) {
      more = false;
      for (FleetTarget target : targets.values()) {
        if (!target.isActive() || stops.containsKey(target.name())) {
          continue;
        }
        for (Manifest.Dependency dependency : target.now().orElseThrow().depends()) {
          FleetTarget needed = targets.get(dependency.name());
          if (stops.containsKey(dependency.name())
              || (needed != null
                  && needed.isUpdate()
                  && !dependency.versionRange().contains(needed.version()))) {
            stops.put(target.name(), "while " + dependency.name() + " is changed");
            more = true;
            break;
          }
        }
      }
    }
  }

  private List<FleetStep> steps(Map<String, Set<String>> needs) {
    List<FleetStep> steps = new ArrayList<>();
    Map<String, Set<String>> needsNow = new HashMap<>();
    targets.forEach((name, target) ->
        target.now().ifPresent(now -> needsNow.put(name, FleetTarget.names(now.depends()))));
    pruned.forEach((name, now) -> needsNow.put(name, FleetTarget.names(now.depends())));
    List<String> dependentsFirst = FleetOrder.of(needsNow).reversed();
    for (String name : dependentsFirst) {
      if (stops.containsKey(name)) {
        steps.add(new FleetStep(name, Action.DEACTIVATE, stops.getOrDefault(name, "")));
      }
    }
    for (String name : dependentsFirst) {
      if (pruned.containsKey(name)) {
        steps.add(new FleetStep(name, Action.UNINSTALL, "not in the file"));
      }
    }
    for (String name : FleetOrder.of(needs)) {
      FleetTarget target = Objects.requireNonNull(targets.get(name));
      steps.addAll(changes.getOrDefault(name, List.of()));
      if (target.entry().isPresent()
          && target.now().filter(now -> now.state() == PluginState.ERRORED).isPresent()) {
        steps.add(new FleetStep(name, Action.RESET, ""));
      }
      if (target.willBeActive() && (!target.isActive() || stops.containsKey(name))) {
        steps.add(new FleetStep(name, Action.ACTIVATE, ""));
      }
    }
    return steps;
  }
}
