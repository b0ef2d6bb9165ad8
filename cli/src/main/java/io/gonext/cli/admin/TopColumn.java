package io.gonext.cli.admin;

import io.gonext.cli.admin.TopOverview.Plugin;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** A column of {@code gonext top}. Those with a key can sort the plugins. */
enum TopColumn {
  NAME('n', true, Comparator.comparing(Plugin::name), Plugin::name),
  VERSION(TopColumn.NO_KEY, true, Comparator.comparing(Plugin::version), Plugin::version),
  STATE('s', true, Comparator.comparing(Plugin::state), Plugin::state),
  CALLS_S(
      'c',
      false,
      Comparator.comparingDouble(Plugin::callsPerSecond).reversed(),
      plugin -> plugin.max() == 0 ? "" : TopOverview.rate(plugin.callsPerSecond())),
  P50(
      TopColumn.NO_KEY,
      false,
      Comparator.comparingLong(Plugin::p50Micros).reversed(),
      plugin -> TopOverview.time(plugin.p50Micros())),
  P99(
      'p',
      false,
      Comparator.comparingLong(Plugin::p99Micros).reversed(),
      plugin -> TopOverview.time(plugin.p99Micros())),
  FAILURES(
      'f',
      false,
      Comparator.comparingLong(Plugin::failures).reversed(),
      plugin -> plugin.max() == 0 ? "" : Long.toString(plugin.failures())),
  BREAKER(
      TopColumn.NO_KEY,
      true,
      Comparator.comparing(Plugin::breaker).reversed(),
      plugin -> plugin.max() == 0 ? "" : plugin.breaker()),
  IN_USE('u', false, Comparator.comparingLong(Plugin::inUse).reversed(), Plugin::use),
  WAIT(
      'w',
      false,
      Comparator.comparingLong(Plugin::waiting).reversed(),
      plugin -> plugin.max() == 0 ? "" : Long.toString(plugin.waiting())),
  MEMORY(
      'm',
      false,
      Comparator.comparingLong(Plugin::bytes).reversed(),
      plugin -> plugin.max() == 0 ? "" : TopOverview.size(plugin.bytes())),
  TROUBLE(
      't',
      true,
      Comparator.comparing((Plugin plugin) -> plugin.trouble().isEmpty()),
      Plugin::trouble);

  static final char NO_KEY = 0;

  private final char key;
  private final boolean left;
  private final Comparator<Plugin> order;
  private final Function<Plugin, String> cell;

  TopColumn(char key, boolean left, Comparator<Plugin> order, Function<Plugin, String> cell) {
    this.key = key;
    this.left = left;
    this.order = order;
    this.cell = cell;
  }

  /** Such as {@code CALLS/S}. */
  String head() {
    return name().replace('_', this == CALLS_S ? '/' : ' ');
  }

  /** Its name on the command line. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String cell(Plugin plugin) {
    return cell.apply(plugin);
  }

  /** Whether its cells begin at the left; numbers end at the right. */
  boolean isLeft() {
    return left;
  }

  char key() {
    return key;
  }

  List<Plugin> sorted(List<Plugin> plugins, boolean backwards) {
    Comparator<Plugin> first = backwards ? order.reversed() : order;
    return plugins.stream().sorted(first.thenComparing(Plugin::name)).toList();
  }
}
