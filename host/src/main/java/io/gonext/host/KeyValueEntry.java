package io.gonext.host;

/**
 * A key-value entry of a plugin, without its value.
 *
 * @param bytes of the value
 */
public record KeyValueEntry(String name, long bytes) {}
