package io.gonext.spring;

import io.gonext.host.Host;
import io.gonext.host.StoredPlugin;
import io.gonext.host.UnknownPluginException;
import io.gonext.pool.PoolStats;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * The actuator endpoint {@code gonext}: what is installed, and what it may do. It changes nothing;
 * the dashboard does.
 */
@Endpoint(id = "gonext")
public final class GonextEndpoint {
  private final Host host;

  GonextEndpoint(Host host) {
    this.host = host;
  }

  /** The host: its version, its plugins, and the functions that the application offers. */
  @ReadOperation
  public HostView host() {
    return new HostView(
        Host.version(),
        host.plugins().list().stream().map(this::view).toList(),
        host.functions().stream()
            .map(each -> new FunctionView(each.name(), each.capability(), each.description()))
            .toList());
  }

  /** One plugin; null, which is a 404, where none of that name is installed. */
  @ReadOperation
  public @Nullable PluginView plugin(@Selector String name) {
    return host.plugins().find(name).map(this::view).orElse(null);
  }

  private PluginView view(StoredPlugin plugin) {
    SortedSet<String> granted = new TreeSet<>();
    SortedSet<String> missing = new TreeSet<>();
    try {
      var grants = host.plugins().grants(plugin.name());
      granted.addAll(grants.granted());
      missing.addAll(grants.missing());
    } catch (UnknownPluginException e) {
      // It was uninstalled a moment ago.
    }
    Optional<PoolStats> pool = host.health().pool(plugin.name());
    return new PluginView(
        plugin.name(),
        plugin.current().version(),
        plugin.current().sha256(),
        plugin.state().name(),
        host.health().trouble(plugin).orElse(null),
        plugin.pending() == null ? null : plugin.pending().version(),
        granted,
        missing,
        pool.map(PoolStats::live).orElse(0),
        pool.map(PoolStats::inUse).orElse(0),
        host.health().failedTurns(plugin.name()));
  }

  /** What {@link #host()} answers. */
  public record HostView(String version, List<PluginView> plugins, List<FunctionView> functions) {}

  /**
   * A plugin.
   *
   * @param trouble why it does not serve as it should; null when it does
   * @param pending the version that waits for approval; null when none does
   * @param missing capabilities that it requests and does not have
   * @param instances of it that exist
   * @param failedTurns since the start
   */
  public record PluginView(
      String name,
      String version,
      String sha256,
      String state,
      @Nullable String trouble,
      @Nullable String pending,
      SortedSet<String> granted,
      SortedSet<String> missing,
      int instances,
      int instancesInUse,
      long failedTurns) {}

  /** A function of the application that plugins may call. */
  public record FunctionView(String name, String capability, String description) {}
}
