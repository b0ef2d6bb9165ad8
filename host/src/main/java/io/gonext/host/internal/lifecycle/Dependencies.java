package io.gonext.host.internal.lifecycle;

import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Dependency;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The dependencies between plugins. */
final class Dependencies {
  private Dependencies() {}

  /**
   * Why a plugin's dependencies are not met, or empty when they are.
   *
   * @param active the manifest of a plugin in service, by name
   */
  static Optional<String> unmet(Manifest manifest, Function<String, Optional<Manifest>> active) {
    for (Dependency dependency : manifest.dependencies()) {
      Optional<Manifest> other = active.apply(dependency.name());
      if (other.isEmpty()) {
        return Optional.of(manifest.id() + " needs " + dependency.name() + ", which is not active");
      }
      if (!dependency.versionRange().contains(other.get().version())) {
        return Optional.of(
            manifest.id()
                + " needs "
                + dependency.name()
                + " "
                + dependency.versionRange()
                + ", active is "
                + other.get().version());
      }
    }
    return Optional.empty();
  }

  /** The plugins that need {@code name} directly. */
  static List<Manifest> dependents(String name, Collection<Manifest> active) {
    return active.stream()
        .filter(other -> other.dependencies().stream().anyMatch(d -> d.name().equals(name)))
        .toList();
  }

  /**
   * The cycle through a plugin, such as {@code a -> b -> a}, or empty when it is not part of a
   * cycle.
   *
   * @param installed the manifest of an installed plugin, by name
   */
  static Optional<String> cycle(Manifest added, Function<String, Optional<Manifest>> installed) {
    List<String> way = new ArrayList<>(List.of(added.name()));
    return leadsBack(added, added.name(), way, new HashSet<>(), installed)
        ? Optional.of(String.join(" -> ", way))
        : Optional.empty();
  }

  private static boolean leadsBack(
      Manifest from,
      String target,
      List<String> way,
      Set<String> seen,
      Function<String, Optional<Manifest>> installed) {
    for (Dependency dependency : from.dependencies()) {
      way.add(dependency.name());
      if (dependency.name().equals(target)) {
        return true;
      }
      if (seen.add(dependency.name())) {
        Optional<Manifest> next = installed.apply(dependency.name());
        if (next.isPresent() && leadsBack(next.get(), target, way, seen, installed)) {
          return true;
        }
      }
      way.removeLast();
    }
    return false;
  }
}
