package io.gonext.cli.admin;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What brings a host to the plugins of a file.
 *
 * @param steps in the order in which they are made
 * @param entries of the file, by name
 * @param needs the plugins that each plugin depends on once all steps are made
 * @param missingSecrets those that a plugin needs to serve and that have no value
 * @param unlisted the plugins that the host keeps and the file does not have
 * @param notes what else somebody should know, a sentence each
 */
record FleetPlan(
    List<FleetStep> steps,
    Map<String, FleetFile.Entry> entries,
    Map<String, Set<String>> needs,
    SortedMap<String, Set<String>> missingSecrets,
    List<String> unlisted,
    List<String> notes) {
  FleetPlan {
    steps = List.copyOf(steps);
    entries = Map.copyOf(entries);
    needs = Map.copyOf(needs);
    missingSecrets = Collections.unmodifiableSortedMap(new TreeMap<>(missingSecrets));
    unlisted = List.copyOf(unlisted);
    notes = List.copyOf(notes);
  }

  /** A sentence for each secret that has no value. */
  List<String> missing() {
    return missingSecrets.entrySet().stream()
        .flatMap(plugin ->
            plugin.getValue().stream()
                .map(secret ->
                    "missing secret "
                        + secret
                        + ": gonext secret set "
                        + plugin.getKey()
                        + " "
                        + secret))
        .toList();
  }
}
