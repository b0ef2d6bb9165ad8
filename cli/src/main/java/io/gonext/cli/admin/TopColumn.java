package io.gonext.cli.admin;

import io.gonext.cli.admin.TopOverview.Plugin;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A column of {@code gonext top}. Those with a key can sort the plugins. */
enum TopColumn {
  NAME('n', true),
  VERSION(TopColumn.NO_KEY, true),
  STATE('s', true),
  CALLS_S('c', false),
  P50(TopColumn.NO_KEY, false),
  P99('p', false),
  FAILURES('f', false),
  BREAKER(TopColumn.NO_KEY, true),
  IN_USE('u', false),
  WAIT('w', false),
  MEMORY('m', false),
  TROUBLE('t', true);

  static final char NO_KEY = 0;

  private final char key;
  private final boolean left;

  TopColumn(char key, boolean left) {
    this.key = key;
    this.left = left;
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

  /** What it shows of a plugin; empty where there is nothing to show. */
  String cell(Plugin plugin) {
    return switch (this) {
      case NAME -> plugin.name();
      case VERSION -> plugin.version();
      case STATE -> plugin.state();
      case P50 -> TopOverview.time(plugin.p50Micros());
      case P99 -> TopOverview.time(plugin.p99Micros());
      case TROUBLE -> plugin.trouble();
      default -> plugin.serves() ? ofService(plugin) : "";
    };
  }

  private String ofService(Plugin plugin) {
    return switch (this) {
      case CALLS_S -> TopOverview.rate(plugin.callsPerSecond());
      case FAILURES -> Long.toString(plugin.failures());
      case BREAKER -> plugin.breaker();
      case IN_USE -> plugin.inUse() + "/" + plugin.max();
      case WAIT -> Long.toString(plugin.waiting());
      default -> TopOverview.size(plugin.bytes());
    };
  }

  /** Numbers begin with the highest, texts with the first letter. */
  private Comparator<Plugin> order() {
    return switch (this) {
      case CALLS_S -> Comparator.comparingDouble(Plugin::callsPerSecond).reversed();
      case P50 -> Comparator.comparingLong(Plugin::p50Micros).reversed();
      case P99 -> Comparator.comparingLong(Plugin::p99Micros).reversed();
      case FAILURES -> Comparator.comparingLong(Plugin::failures).reversed();
      case IN_USE -> Comparator.comparingLong(Plugin::inUse).reversed();
      case WAIT -> Comparator.comparingLong(Plugin::waiting).reversed();
      case MEMORY -> Comparator.comparingLong(Plugin::bytes).reversed();
      case TROUBLE -> Comparator.comparing((Plugin plugin) -> plugin.trouble().isEmpty());
      case NAME, VERSION, STATE, BREAKER -> Comparator.comparing(this::cell);
    };
  }

  /** Whether its cells begin at the left; numbers end at the right. */
  boolean isLeft() {
    return left;
  }

  char key() {
    return key;
  }

  List<Plugin> sorted(List<Plugin> plugins, boolean backwards) {
    Comparator<Plugin> first = backwards ? order().reversed() : order();
    return plugins.stream().sorted(first.thenComparing(Plugin::name)).toList();
  }
}
