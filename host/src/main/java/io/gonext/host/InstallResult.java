package io.gonext.host;

import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.List;

/**
 * What an installation did.
 *
 * @param sha256 of the bundle, lower-case hex
 * @param unchanged whether the very same bundle was installed before; nothing was done then
 * @param compileTime the processor time that compiling the module took, of what the engine's limits
 *     allow
 * @param warnings what loads but will not work, a sentence each
 */
public record InstallResult(
    Manifest manifest,
    String sha256,
    boolean unchanged,
    Duration compileTime,
    List<String> warnings) {
  public InstallResult {
    warnings = List.copyOf(warnings);
  }
}
