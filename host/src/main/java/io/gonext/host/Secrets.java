package io.gonext.host;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.service.secrets.Vault;
import io.gonext.host.manifest.Manifest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The secrets of plugins. Nobody can read a value here: only the plugin, by {@code gn_secrets_get}.
 * A change is durable, one row of the audit log without the value, and holds for all calls that
 * begin after it; on other hosts of the database within 2 s.
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
              true,
              Optional.ofNullable(times.remove(secret.name()))));
    }
    times.forEach(
        (name, at) -> secrets.put(name, new SecretInfo(name, false, false, Optional.of(at))));
    return new ArrayList<>(secrets.values());
  }

  /**
   * Sets the value of a secret.
   *
   * @param value at most {@link #MAX_BYTES} bytes; the caller may clear it afterwards
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when the manifest of the installed version does not name the secret
   * @throws IllegalArgumentException when the value is empty or too long
   */
  public void set(String plugin, String name, byte[] value) {
    if (value.length == 0 || value.length > MAX_BYTES) {
      throw new IllegalArgumentException("a secret has from 1 to " + MAX_BYTES + " bytes");
    }
    record.watch(
        "secret_set",
        plugin,
        () -> {
          requireRequested(lifecycle.manifest(plugin), name);
          vault.set(plugin, name, value);
          return true;
        });
    record.done("secret_set", plugin, ChangeRecord.detail().put("secret", name));
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
