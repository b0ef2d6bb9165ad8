package io.gonext.host;

import java.time.Instant;

/**
 * One version of a plugin, without its bundle.
 *
 * @param sha256 of the bundle, lower-case hex
 * @param provenance where it came from, and what was verified then
 */
public record StoredVersion(
    String version, String sha256, Instant installedAt, Provenance provenance) {
  /** A version of which nothing was verified. */
  public StoredVersion(String version, String sha256, Instant installedAt) {
    this(version, sha256, installedAt, Provenance.UNKNOWN);
  }
}
