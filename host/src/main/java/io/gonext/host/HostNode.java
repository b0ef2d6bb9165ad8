package io.gonext.host;

import java.time.Duration;
import java.time.Instant;
import java.util.SortedMap;

/**
 * A host on a shared database, as it said of itself.
 *
 * @param id of this run of the host; attempts at jobs have it, too
 * @param name of its machine; hosts on one machine share it
 * @param version of GoNext
 * @param startedAt by the database's clock
 * @param silentFor how long ago it said so. A host does it every 5 s; one that was closed is not
 *     listed, and one that was killed is for an hour
 * @param lag for how long it had not been what the store says
 * @param compiling how many modules it compiled, or had waiting for that
 * @param faults why it could not run plugins as the store says, by plugin
 * @param isThis whether it is the host that was asked
 */
public record HostNode(
    String id,
    String name,
    String version,
    Instant startedAt,
    Duration silentFor,
    Duration lag,
    int compiling,
    SortedMap<String, String> faults,
    boolean isThis) {
  /** A host that has been silent for longer is in trouble, or was killed. */
  public static final Duration EXPECTED = Duration.ofSeconds(20);

  /** Whether it has said something lately. */
  public boolean isHeard() {
    return silentFor.compareTo(EXPECTED) <= 0;
  }
}
