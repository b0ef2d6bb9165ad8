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

/** The store as changes read and write it: by name, with bundles parsed, and conflicts thrown. */
record Installed(PluginStore store) {
  /**
   * @throws UnknownPluginException when there is none of that name
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

  /** The manifest of the version that serves, or would; empty where this host cannot read it. */
  Optional<Manifest> readable(StoredPlugin plugin) {
    try {
      return Optional.of(bundleOf(plugin, plugin.current()).manifest());
    } catch (BundleRejectedException e) {
      return Optional.empty();
    }
  }

  /**
   * @throws ConflictException when someone else was first
   */
  void change(StoredPlugin read, StoredPlugin next) {
    if (!store.change(read, next)) {
      throw changedByOther(read.name());
    }
  }

  /**
   * @throws ConflictException when someone else was first
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
