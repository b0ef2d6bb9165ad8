package io.gonext.dashboard;

import io.gonext.host.Host;
import io.gonext.host.PluginActivity;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UnknownPluginException;
import java.util.List;
import java.util.Optional;

/**
 * The top of each page of a plugin.
 *
 * @param trouble what is wrong with it; empty when nothing is
 * @param pending the version that waits for approval; empty for none
 * @param tab the path of this page below the plugin's page; empty for that page itself
 */
record PluginHead(
    String name,
    String version,
    String publisher,
    boolean trusted,
    StateView state,
    String trouble,
    String pending,
    String tab) {
  /** The pages of a plugin: path and label. */
  static final List<Tab> TABS =
      List.of(
          new Tab("", "Status"),
          new Tab("versions", "Versions"),
          new Tab("config", "Configuration"),
          new Tab("access", "Capabilities and secrets"),
          new Tab("data", "Data"),
          new Tab("jobs", "Jobs"));

  /** One page of a plugin. */
  record Tab(String path, String label) {}

  List<Tab> tabs() {
    return TABS;
  }

  /**
   * The head of an installed plugin.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  static PluginHead of(Host host, StoredPlugin plugin, String tab) {
    Optional<PluginActivity> activity = host.activity().plugin(plugin.name());
    Optional<String> trouble = host.health().trouble(plugin);
    return new PluginHead(
        plugin.name(),
        plugin.current().version(),
        OverviewPage.publisher(plugin),
        plugin.current().provenance().isTrusted(),
        OverviewPage.state(Optional.of(plugin), activity, trouble.isPresent()),
        trouble.orElse(""),
        plugin.pending() == null ? "" : plugin.pending().version(),
        tab);
  }

  static StoredPlugin stored(Host host, Visit visit) {
    String name = visit.path("name");
    return host.plugins().find(name).orElseThrow(() -> new UnknownPluginException(name));
  }

  /** The path of a page of a plugin. */
  static String path(String plugin, String tab) {
    return "/plugins/" + Frame.encoded(plugin) + (tab.isEmpty() ? "" : "/" + tab);
  }
}
