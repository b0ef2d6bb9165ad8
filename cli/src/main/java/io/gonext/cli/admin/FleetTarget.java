package io.gonext.cli.admin;

import io.gonext.cli.admin.FleetHost.Installed;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Version;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * One plugin now and as it shall be.
 *
 * @param entry of the file; empty for a plugin that the file does not have
 * @param now as the host has it; empty when it is not installed
 * @param next the manifest of the bundle that it gets; empty when its bundle stays
 */
record FleetTarget(
    String name,
    Optional<FleetFile.Entry> entry,
    Optional<Installed> now,
    Optional<Manifest> next) {
  boolean isActive() {
    return now.filter(Installed::isActive).isPresent();
  }

  boolean willBeActive() {
    return entry.map(FleetFile.Entry::isActive).orElseGet(this::isActive);
  }

  boolean isUpdate() {
    return now.isPresent() && next.isPresent();
  }

  /** What it depends on once it has its bundle. */
  List<Manifest.Dependency> depends() {
    return next.map(Manifest::dependencies)
        .orElseGet(() -> now.map(Installed::depends).orElse(List.of()));
  }

  /** The version that it has then. */
  Version version() {
    return next.map(Manifest::version).orElseGet(() -> now.orElseThrow().version());
  }

  static Set<String> names(List<Manifest.Dependency> depends) {
    return depends.stream().map(Manifest.Dependency::name).collect(Collectors.toSet());
  }

  /** Of these capabilities, those that an operator decides on. */
  static SortedSet<String> decided(Set<String> capabilities) {
    SortedSet<String> decided = new TreeSet<>(capabilities);
    decided.removeIf(CapabilityRegistry::comesWithPlugin);
    return decided;
  }
}
