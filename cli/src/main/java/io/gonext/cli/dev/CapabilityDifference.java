package io.gonext.cli.dev;

import io.gonext.host.CapabilityDiff;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.manifest.Manifest;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
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
    SortedSet<String> asked = next.requestedCapabilities();
    SortedSet<String> before = live == null ? asked : live.requestedCapabilities();
    List<String> lines =
        CapabilityDiff.between(before, asked, CapabilityRegistry.standard()).changes().stream()
            .filter(change -> live == null || change.kind() != CapabilityDiff.Kind.KEPT)
            .sorted(Comparator.comparing(CapabilityDiff.Change::kind))
            .map(change -> change.kind().sign() + " " + change.capability())
            .toList();
    return new CapabilityDifference(lines, live == null);
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }
}
