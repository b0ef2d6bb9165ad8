package io.gonext.host;

import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a host says of a bundle before it takes it in.
 *
 * @param manifest null where it is not acceptable
 * @param sha256 of the bundle, lower-case hex
 * @param problems why the host would refuse the bundle, a sentence each; empty when it would not
 * @param warnings what will not work as the plugin may expect, a sentence each
 * @param provenance who signed it; null where a problem was found first
 * @param compileTime the processor time that compiling the module took; zero where a problem was
 *     found first
 */
public record BundleCheck(
    @Nullable Manifest manifest,
    String sha256,
    List<String> problems,
    List<String> warnings,
    @Nullable Provenance provenance,
    Duration compileTime) {
  public BundleCheck {
    problems = List.copyOf(problems);
    warnings = List.copyOf(warnings);
  }

  /** Whether the host would take it in. */
  public boolean passed() {
    return problems.isEmpty();
  }
}
