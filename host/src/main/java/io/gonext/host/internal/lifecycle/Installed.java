package io.gonext.host.internal.lifecycle;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.ConflictException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import java.util.Optional;

/**
 * The store as changes use it: it parses bundles, and throws for a plugin that is missing or was
 * changed.
 */
record Installed(PluginStore store) {
  /**
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  StoredPlugin require(String name) {
    return store.find(name).orElseThrow(() -> new UnknownPluginException(name));
  }

  Bundle bundleOf(StoredPlugin plugin, StoredVersion version) {
    return Bundle.read(
        store
            .bundle(plugin.name(), version.sha256())
            .orElseThrow(() -> changedByOther(plugin.name())));
  }

  /** The manifest of the current version; empty when this host cannot read it. */
  Optional<Manifest> readable(StoredPlugin plugin) {
    try {
      return Optional.of(bundleOf(plugin, plugin.current()).manifest());
    } catch (BundleRejectedException e) {
      return Optional.empty();
    }
  }

  /**
   * @throws ConflictException when the plugin was changed since it was read
   */
  void change(StoredPlugin read, StoredPlugin next) {
    if (!store.change(read, next)) {
      throw changedByOther(read.name());
    }
  }

  /**
   * @throws ConflictException when the plugin was changed since it was read
   */
  void change(StoredPlugin read, StoredPlugin next, StoredVersion added, Bundle bundle) {
    if (!store.change(read, next, added, bundle.bytes())) {
      throw changedByOther(read.name());
    }
  }

  /**
   * @throws ConflictException when a plugin would depend on itself
   */
  void refuseCycle(Manifest manifest) {
    if (manifest.dependencies().isEmpty()) {
      return;
    }
    Dependencies.cycle(manifest, name -> store.find(name).flatMap(this::readable))
        .ifPresent(cycle -> {
          throw new ConflictException(manifest.id() + " depends on itself: " + cycle);
        });
  }

  static ConflictException changedByOther(String name) {
    return new ConflictException(name + " was changed by someone else just now");
  }
}
