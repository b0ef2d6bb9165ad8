package io.gonext.host;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * How the capabilities that two versions of a plugin request differ, by id.
 *
 * @param changes one for each capability that either version requests
 */
public record CapabilityChanges(List<Change> changes) {
  /** Copies the list. */
  public CapabilityChanges {
    changes = List.copyOf(changes);
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
   * The difference between the ids that an old version requests and those of a new one.
   *
   * @param before empty when there is no old version
   */
  public static CapabilityChanges between(
      Set<String> before, Set<String> after, CapabilityRegistry registry) {
    Set<String> all = new TreeSet<>(before);
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
    return new CapabilityChanges(changes);
  }
}
