package io.gonext.host;

import java.time.Instant;

/**
 * One version of a plugin, without its bundle.
 *
 * @param sha256 of the bundle, lower-case hex
 */
public record StoredVersion(String version, String sha256, Instant installedAt) {}
