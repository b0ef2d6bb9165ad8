package io.gonext.cli.provenance;

import com.github.packageurl.MalformedPackageURLException;
import com.github.packageurl.PackageURL;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The packages that a plugin was built from.
 *
 * @param packages sorted by {@link Resolved#ref}
 * @param direct the refs of the plugin's own dependencies
 * @param isExact whether these are exactly the packages of the build
 * @param source where the list comes from, and what it may miss or have too many; for people
 */
record Dependencies(List<Resolved> packages, Set<String> direct, boolean isExact, String source) {
  Dependencies {
    packages = List.copyOf(packages);
    direct = Set.copyOf(direct);
  }

  static Dependencies none(String source) {
    return new Dependencies(List.of(), Set.of(), false, source);
  }

  /**
   * A package.
   *
   * @param ref unique among the packages: the package URL, or {@code local:} with name and version
   * @param inModule false if only the build uses it, as it does a procedural macro
   * @param needs refs of the packages that it depends on
   */
  record Resolved(String ref, About about, boolean inModule, Set<String> needs) {}

  /**
   * What is known about a package.
   *
   * @param purl empty for a package of a local directory: a package URL would name another one
   * @param hashes in hexadecimal digits, by CycloneDX's name of the algorithm
   * @param license as the package says it
   * @param distribution where it was downloaded from
   * @param properties by name, without the prefix {@code gonext:}
   */
  record About(
      String name,
      String version,
      Optional<String> purl,
      Map<String, String> hashes,
      Optional<String> license,
      Optional<String> distribution,
      Map<String, String> properties) {

    static About local(String name, String version, Optional<String> license) {
      return new About(
          name, version, Optional.empty(), Map.of(), license, Optional.empty(), Map.of());
    }
  }

  /**
   * A package URL; empty if the names make none.
   *
   * @param qualifiers such as {@code vcs_url}; empty for none
   */
  static Optional<String> purl(
      String type,
      @Nullable String namespace,
      String name,
      String version,
      Map<String, String> qualifiers) {
    try {
      return Optional.of(
          new PackageURL(
                  type,
                  namespace,
                  name,
                  version.isEmpty() ? null : version,
                  new TreeMap<>(qualifiers),
                  null)
              .canonicalize());
    } catch (MalformedPackageURLException e) {
      return Optional.empty();
    }
  }

  /** Collects packages under the names that a tool gives them. Owned by one thread. */
  static final class Graph {
    private final Map<String, About> found = new HashMap<>();
    private final Map<String, Set<String>> inModule = new HashMap<>();
    private final Map<String, Set<String>> anyhow = new HashMap<>();

    void add(String id, About about) {
      found.put(id, about);
    }

    /**
     * Adds a dependency.
     *
     * @param ofBuild whether only the build uses it
     */
    void needs(String from, String to, boolean ofBuild) {
      anyhow.computeIfAbsent(from, key -> new TreeSet<>()).add(to);
      if (!ofBuild) {
        inModule.computeIfAbsent(from, key -> new TreeSet<>()).add(to);
      }
    }

    /** What the plugin depends on, directly or not. */
    Dependencies of(String root, boolean isExact, String source) {
      Set<String> ofModule = reach(root, inModule);
      Map<String, String> refs = refs(reach(root, anyhow), root);
      List<Resolved> packages = new ArrayList<>();
      refs.forEach((id, ref) ->
          packages.add(
              new Resolved(
                  ref,
                  Objects.requireNonNull(found.get(id)),
                  ofModule.contains(id),
                  refsOf(id, refs))));
      packages.sort(Comparator.comparing(Resolved::ref));
      return new Dependencies(packages, refsOf(root, refs), isExact, source);
    }

    private Set<String> refsOf(String id, Map<String, String> refs) {
      Set<String> needed = new TreeSet<>();
      for (String other : anyhow.getOrDefault(id, Set.of())) {
        String ref = refs.get(other);
        if (ref != null && !other.equals(id)) {
          needed.add(ref);
        }
      }
      return needed;
    }

    private Map<String, String> refs(Set<String> ids, String root) {
      Map<String, String> refs = new LinkedHashMap<>();
      Set<String> taken = new TreeSet<>();
      for (String id : ids) {
        About about = found.get(id);
        if (about != null && !id.equals(root)) {
          String ref = about.purl().orElse("local:" + about.name() + "@" + about.version());
          String unique = ref;
          for (int i = 2; !taken.add(unique); i++) {
            unique = ref + "#" + i;
          }
          refs.put(id, unique);
        }
      }
      return refs;
    }

    private static Set<String> reach(String root, Map<String, Set<String>> edges) {
      Set<String> reached = new TreeSet<>();
      Deque<String> waiting = new ArrayDeque<>(List.of(root));
      for (String next = waiting.poll(); next != null; next = waiting.poll()) {
        if (reached.add(next)) {
          waiting.addAll(edges.getOrDefault(next, Set.of()));
        }
      }
      return reached;
    }
  }
}
