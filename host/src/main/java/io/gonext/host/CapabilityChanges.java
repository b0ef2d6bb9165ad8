package io.gonext.host;

import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * How the capabilities of two versions of a plugin differ.
 *
 * @param changes one for each capability that either version requests, by id
 * @param wider what the new version reaches by its capabilities and the old one does not, such as
 *     an origin in {@code http.fetch.allow}
 */
public record CapabilityChanges(List<Change> changes, List<Reach.Way> wider) {
  /** Copies the lists. */
  public CapabilityChanges {
    changes = List.copyOf(changes);
    wider = List.copyOf(wider);
  }

  /** What happened to one capability from the old version to the new one. */
  public enum Kind {
    ADDED('+'),
    REMOVED('-'),
    KEPT('=');

    private final char sign;

    Kind(char sign) {
      this.sign = sign;
    }

    /** As lists show it: {@code +}, {@code -} or {@code =}. */
    public char sign() {
      return sign;
    }
  }

  /** One capability; {@code + http.fetch (sensitive)} as text. */
  public record Change(Kind kind, String capability, boolean sensitive) {
    @Override
    public String toString() {
      return kind.sign() + " " + capability + (sensitive ? " (sensitive)" : "");
    }
  }

  /**
   * The difference between an old version and a new one.
   *
   * @param old empty when there is no old version
   */
  public static CapabilityChanges between(
      Optional<Manifest> old, Manifest next, CapabilityRegistry registry) {
    SortedSet<String> before = old.map(Manifest::requestedCapabilities).orElseGet(TreeSet::new);
    SortedSet<String> after = next.requestedCapabilities();
    SortedSet<String> all = new TreeSet<>(before);
    all.addAll(after);
    List<Change> changes = new ArrayList<>();
    for (String id : all) {
      Kind kind = Kind.KEPT;
      if (!before.contains(id)) {
        kind = Kind.ADDED;
      } else if (!after.contains(id)) {
        kind = Kind.REMOVED;
      }
      changes.add(new Change(kind, id, registry.isSensitive(id)));
    }
    Reach reached = old.map(Reach::of).orElse(Reach.DEFAULT);
    return new CapabilityChanges(changes, reached.widenedBy(Reach.of(next)));
  }
}
