package io.gonext.host.internal.service;

import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.manifest.Manifest;
import java.util.List;
import java.util.Map;

/**
 * Functions that plugins may import, and what the host keeps for them. A host has one service of a
 * kind, as long as it is open.
 *
 * <p>Thread-safe.
 */
public interface HostService extends AutoCloseable {
  /**
   * Makes the functions of one version of a plugin. All instances of that version share them, so
   * they are called by several threads at once.
   *
   * @return a body for each function of this service, whatever the plugin may do: the caller adds
   *     the check of capabilities
   */
  Map<ImportKey, Body> bind(PluginScope scope);

  /**
   * Whether a guest waits in {@linkplain Body.Answering answering} functions of this service, for
   * the store or another machine. That time then counts for {@code limits.wait_ms} and not for
   * {@code limits.call_ms}.
   */
  default boolean waits() {
    return false;
  }

  /** Reads again what this service knows of a plugin: another host may have changed it. */
  default void refresh(String plugin) {}

  /** Forgets what this service knows of a plugin that was uninstalled. */
  default void forget(String plugin) {}

  /** Why a version cannot serve before an operator does something, a sentence each. */
  default List<String> obstacles(Manifest manifest) {
    return List.of();
  }

  /** What a manifest requests from this service and does not get, a sentence each. */
  default List<String> warnings(Manifest manifest) {
    return List.of();
  }

  /** Ends what runs in the background. Calls that come later are refused. */
  @Override
  default void close() {}
}
