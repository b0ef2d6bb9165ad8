package io.gonext.host.store;

/**
 * A plugin as the store knows it, without its bundle.
 *
 * @param sha256 of the bundle, lower-case hex
 */
public record StoredPlugin(String name, String version, String sha256, PluginState state) {}
