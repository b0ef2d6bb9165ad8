package io.gonext.host;

import java.time.Instant;

/**
 * A state of the store that this host could not reach, although other hosts may: a plugin that does
 * not start here, or a version that could not take over. The host tries again.
 *
 * @param cause one sentence
 * @param since when it first failed
 * @param attempts how often it was tried
 */
public record NodeFault(String plugin, String cause, Instant since, int attempts) {}
