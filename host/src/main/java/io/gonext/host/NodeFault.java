package io.gonext.host;

import java.time.Instant;

/**
 * Something the store says that this host could not follow, while others may: a plugin that does
 * not start here, or a version that could not take over. It is tried again.
 *
 * @param cause one sentence
 * @param since when it first failed
 * @param attempts how often it was tried
 */
public record NodeFault(String plugin, String cause, Instant since, int attempts) {}
