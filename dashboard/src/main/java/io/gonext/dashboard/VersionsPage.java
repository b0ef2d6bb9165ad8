package io.gonext.dashboard;

import io.gonext.host.Capability;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.Host;
import io.gonext.host.Provenance;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The versions of a plugin: which one serves, which one to go back to, and which one waits. */
final class VersionsPage implements Page {
  private static final String PATH = "/plugins/{name}/versions";

  private final Host host;
  private final InstantSource clock;

  VersionsPage(Host host, InstantSource clock) {
    this.host = host;
    this.clock = clock;
  }

  /**
   * The page.
   *
   * @param pending null when no version waits
   */
  record Model(PluginHead head, List<Version> versions, @Nullable Pending pending) {}

  /**
   * A version.
   *
   * @param replaced when another one took its place; empty for the one that serves
   */
  record Version(
      String role,
      String version,
      String sha256,
      String installed,
      String replaced,
      String origin,
      String trust,
      boolean trusted) {}

  /**
   * A version that waits.
   *
   * @param wider what it reaches beyond the current one
   */
  record Pending(Version version, List<Change> changes, List<String> wider) {}

  /** A capability that the waiting version asks for, or no longer asks for. */
  record Change(String sign, String kind, String id, String description, boolean sensitive) {}

  @Override
  public void addTo(Routes routes) {
    routes.page(
        PATH,
        visit -> {
          Model model = model(PluginHead.stored(host, visit));
          return Answer.page(model.head().name() + ": versions", "versions", model);
        });
  }

  private Model model(StoredPlugin plugin) {
    Instant now = clock.instant();
    List<Version> versions = new ArrayList<>();
    versions.add(version("in use", plugin.current(), null, now));
    if (plugin.previous() != null) {
      versions.add(version("previous", plugin.previous(), plugin.replacedAt(), now));
    }
    return new Model(
        PluginHead.of(host, plugin, "versions"),
        versions,
        plugin.pending() == null ? null : pending(plugin, plugin.pending(), now));
  }

  private static Version version(
      String role, StoredVersion version, @Nullable Instant replaced, Instant now) {
    Provenance provenance = version.provenance();
    return new Version(
        role,
        version.version(),
        version.sha256(),
        Shown.relative(version.installedAt(), now),
        replaced == null ? "" : Shown.relative(replaced, now),
        provenance.origin(),
        provenance.summary(),
        provenance.isTrusted());
  }

  private Pending pending(StoredPlugin plugin, StoredVersion waiting, Instant now) {
    Optional<CapabilityChanges> changes = host.plugins().pendingChanges(plugin);
    return new Pending(
        version("waits for approval", waiting, null, now),
        changes.map(CapabilityChanges::changes).orElse(List.of()).stream()
            .map(this::change)
            .toList(),
        changes.map(CapabilityChanges::wider).orElse(List.of()).stream()
            .map(Object::toString)
            .toList());
  }

  private Change change(CapabilityChanges.Change change) {
    return new Change(
        String.valueOf(change.kind().sign()),
        switch (change.kind()) {
          case ADDED -> "will be granted";
          case REMOVED -> "no longer asked for";
          case KEPT -> "as before";
        },
        change.capability(),
        description(host, change.capability()),
        change.sensitive());
  }

  static String description(Host host, String capability) {
    return host.capabilities().find(capability).map(Capability::description).orElse("");
  }
}
