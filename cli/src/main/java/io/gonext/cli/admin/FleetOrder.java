package io.gonext.cli.admin;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The order of plugins that depend on each other. */
final class FleetOrder {
  private final Map<String, Set<String>> needs;
  private final Set<String> seen = new HashSet<>();
  private final List<String> order = new ArrayList<>();

  private FleetOrder(Map<String, Set<String>> needs) {
    this.needs = needs;
  }

  /**
   * The plugins, each after those that it needs, otherwise by name. Of a cycle, which a host
   * refuses, one plugin comes first.
   */
  static List<String> of(Map<String, Set<String>> needs) {
    FleetOrder order = new FleetOrder(needs);
    new TreeSet<>(needs.keySet()).forEach(order::add);
    return order.order;
  }

  private void add(String plugin) {
    if (needs.containsKey(plugin) && seen.add(plugin)) {
      new TreeSet<>(needs.getOrDefault(plugin, Set.of())).forEach(this::add);
      order.add(plugin);
    }
  }
}
