package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.manifest.Manifest;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/**
 * What it takes to exercise one version of a plugin without effects. Immutable.
 *
 * @param config makes instances that change nothing outside themselves, and may take this time to
 *     start
 * @param callLimit of each call
 * @param bundled the inputs in the bundle, for when there are no recent ones
 */
record Rehearsal(
    Manifest manifest,
    CompiledModule module,
    Function<Duration, InstanceConfig> config,
    Duration callLimit,
    List<WarmUp.Input> bundled) {
  Rehearsal {
    bundled = List.copyOf(bundled);
  }

  /** Whether the version is to be exercised at all. */
  boolean isWanted() {
    return manifest.warmUp();
  }

  /** The inputs to use: the recent ones, or those of the bundle when there are none. */
  List<WarmUp.Input> inputs(List<WarmUp.Input> recent) {
    return recent.isEmpty() ? bundled : recent;
  }

  WarmUp begin(List<WarmUp.Input> inputs, WarmUp.Clocks clocks) {
    return new WarmUp(module, config, inputs, callLimit, clocks);
  }
}
