package io.gonext.host;

import java.time.Instant;

/**
 * A module that this host compiles, or that waits until others need less memory.
 *
 * @param plugin its name and version
 * @param since when it was asked for
 * @param isWaiting whether it waits
 */
public record Compiling(String plugin, Instant since, boolean isWaiting) {}
