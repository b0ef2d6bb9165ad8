package io.gonext.host;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The capabilities that one version of a plugin requests, and those that it has. Immutable.
 *
 * @param requested by its manifest, by name or by implication
 * @param granted by an operator, and requested
 */
public record PluginGrants(
    String plugin, String version, SortedSet<String> requested, SortedSet<String> granted) {
  /** Copies the sets. */
  public PluginGrants {
    requested = Collections.unmodifiableSortedSet(new TreeSet<>(requested));
    granted = Collections.unmodifiableSortedSet(new TreeSet<>(granted));
  }

  /** The capabilities that it requests and does not have. */
  public SortedSet<String> missing() {
    SortedSet<String> missing = new TreeSet<>(requested);
    missing.removeAll(granted);
    return Collections.unmodifiableSortedSet(missing);
  }
}
