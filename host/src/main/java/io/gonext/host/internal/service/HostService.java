package io.gonext.host.internal.service;

import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.manifest.Bundle;
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

  /**
   * Makes what a version needs before it starts, such as its tables. May take minutes, and be
   * called again for a version that has it already.
   *
   * @param scope of the version once it serves
   * @throws io.gonext.host.ActivationException when the version cannot have it
   */
  default void prepare(PluginScope scope, Bundle bundle) {}

  /** Reads again what this service knows of a plugin: another host may have changed it. */
  default void refresh(String plugin) {}

  /** A version begins to serve, in the place of the one before it if there was one. */
  default void serves(Manifest manifest) {}

  /** A plugin leaves service. Calls of it may still run. */
  default void left(String plugin) {}

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
