package io.gonext.cli.dev;

import io.gonext.host.manifest.Manifest;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * How the capabilities that a plugin asks for differ from those it had when it last went live.
 *
 * @param lines {@code = name} the first time, later {@code + name} and {@code - name}, sorted
 * @param isFirst whether there was nothing to compare with
 */
record CapabilityDifference(List<String> lines, boolean isFirst) {
  CapabilityDifference {
    lines = List.copyOf(lines);
  }

  /**
   * @param live the manifest that went live last, or null when none has
   */
  static CapabilityDifference between(@Nullable Manifest live, Manifest next) {
    SortedSet<String> after = requested(next);
    if (live == null) {
      return new CapabilityDifference(after.stream().map(name -> "= " + name).toList(), true);
    }
    SortedSet<String> before = requested(live);
    List<String> lines = new java.util.ArrayList<>();
    after.stream().filter(name -> !before.contains(name)).forEach(name -> lines.add("+ " + name));
    before.stream().filter(name -> !after.contains(name)).forEach(name -> lines.add("- " + name));
    return new CapabilityDifference(lines, false);
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  private static SortedSet<String> requested(Manifest manifest) {
    SortedSet<String> requested = new TreeSet<>(manifest.capabilities());
    if (!manifest.secretKeys().isEmpty()) {
      requested.add("secrets.keys");
    }
    return requested;
  }
}
