package io.gonext.host;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.manifest.AllowedOrigins.Origin;
import io.gonext.host.manifest.Manifest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The secrets of plugins. Nobody can read a value here: only the plugin, by {@code gn_secrets_get},
 * and the host, for HTTP requests of the plugin. A change is durable, one row of the audit log
 * without the value, and holds for all calls that begin after it; on other hosts of the database
 * within 2 s.
 *
 * <p>Thread-safe.
 */
public final class Secrets {
  /** Most bytes of a value. */
  public static final int MAX_BYTES = Vault.MAX_BYTES;

  private final Lifecycle lifecycle;
  private final Vault vault;
  private final ChangeRecord record;

  Secrets(Lifecycle lifecycle, Vault vault, ChangeRecord record) {
    this.lifecycle = lifecycle;
    this.vault = vault;
    this.record = record;
  }

  /**
   * The secrets that a plugin requests, and those that have a value, by name.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   */
  public List<SecretInfo> list(String plugin) {
    Map<String, Instant> times = new TreeMap<>(vault.setAt(plugin));
    Map<String, SecretInfo> secrets = new TreeMap<>();
    for (Manifest.Secret secret : lifecycle.manifest(plugin).secrets()) {
      secrets.put(
          secret.name(),
          new SecretInfo(
              secret.name(),
              secret.required(),
              secret.injectOnly(),
              secret.hosts().origins().stream().map(Origin::toString).toList(),
              true,
              Optional.ofNullable(times.remove(secret.name()))));
    }
    times.forEach((name, at) ->
        secrets.put(name, new SecretInfo(name, false, false, List.of(), false, Optional.of(at))));
    return new ArrayList<>(secrets.values());
  }

  /**
   * Sets the value of a secret.
   *
   * @param value at most {@link #MAX_BYTES} bytes; the caller may clear it afterwards
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when neither the manifest of the installed version names the secret,
   *     nor that of a version that waits for approval
   * @throws IllegalArgumentException when the value is empty or too long
   */
  public void set(String plugin, String name, byte[] value) {
    record.watch(
        "secret_set",
        plugin,
        () -> {
          requireRequested(plugin, name);
          vault.set(plugin, name, value);
          return true;
        });
    record.done("secret_set", plugin, ChangeRecord.detail().put("secret", name));
  }

  /**
   * As {@link #set}, unless the secret has this value: for an application that sets the secrets of
   * its plugins at each start.
   *
   * @return whether the value was another
   */
  public boolean setIfChanged(String plugin, String name, byte[] value) {
    if (vault.holds(plugin, name, value)) {
      return false;
    }
    set(plugin, name, value);
    return true;
  }

  /** A version may wait because the secret has no value. */
  private void requireRequested(String plugin, String name) {
    Manifest installed = lifecycle.manifest(plugin);
    if (lifecycle.pendingManifest(plugin).filter(waiting -> isRequested(waiting, name)).isEmpty()) {
      requireRequested(installed, name);
    }
  }

  private static boolean isRequested(Manifest manifest, String name) {
    return manifest.secrets().stream().anyMatch(secret -> secret.name().equals(name));
  }

  /** Refuses values of secrets that an author gives with a version. */
  void requireAcceptable(Manifest manifest, Map<String, byte[]> values) {
    values.forEach((name, value) -> {
      requireRequested(manifest, name);
      Vault.requireLength(value);
    });
  }

  /** Sets secrets for a version that an author has built and that may not serve yet. */
  void develop(Manifest manifest, Map<String, byte[]> values) {
    String plugin = manifest.name();
    values.forEach((name, value) -> {
      if (!vault.holds(plugin, name, value)) {
        vault.set(plugin, name, value);
        record.done(
            "secret_set",
            ChangeRecord.DEVELOPER,
            plugin,
            manifest.version().toString(),
            ChangeRecord.detail().put("secret", name));
      }
    });
  }

  private static void requireRequested(Manifest manifest, String name) {
    List<String> names = manifest.secrets().stream().map(Manifest.Secret::name).toList();
    if (!names.contains(name)) {
      throw new ConflictException(
          manifest.id()
              + " does not ask for the secret "
              + name
              + (names.isEmpty()
                  ? "; it asks for no secret"
                  : "; it asks for " + String.join(", ", names)));
    }
  }

  /**
   * Replaces the master key: wraps the key of each plugin's secrets with the next master key, all
   * or none, and leaves the secrets as they are. Without a {@linkplain HostConfig#masterKey given}
   * master key, the host makes a new one in its data directory. A rotation that was interrupted is
   * as if nobody had asked for it, or is finished when the host opens again; so it may be repeated.
   *
   * @return the plugins that have secrets, sorted; each gets a row in its audit log
   * @throws ConflictException when there is a given master key and no {@linkplain
   *     HostConfig#nextMasterKey next one}
   * @throws StoreException when the store fails; nothing is changed then
   */
  public List<String> rotateMaster() {
    List<String> plugins = vault.rotate();
    plugins.forEach(plugin -> record.done("master_key_rotated", plugin));
    return plugins;
  }

  /**
   * As {@link #rotateMaster()}, for a database whose hosts are stopped.
   *
   * @param config of one of the hosts
   * @throws StoreException also when a host uses the data directory
   */
  public static List<String> rotateMaster(HostConfig config) {
    try (PluginStore store = PluginStore.open(config.dataDirectory(), config.database())) {
      return Vault.open(store.secrets(), config.masterKeys()).rotate();
    }
  }

  /**
   * Deletes the value of a secret. A plugin in service keeps serving, also if it is a required one.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when the secret has no value
   */
  public void delete(String plugin, String name) {
    record.watch(
        "secret_delete",
        plugin,
        () -> {
          String id = lifecycle.manifest(plugin).id();
          if (!vault.delete(plugin, name)) {
            throw new ConflictException("the secret " + name + " of " + id + " has no value");
          }
          return true;
        });
    record.done("secret_delete", plugin, ChangeRecord.detail().put("secret", name));
  }
}
