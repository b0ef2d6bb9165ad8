package io.gonext.host;

import java.time.Duration;
import java.util.List;
import java.util.SortedSet;

/**
 * What an upload in development did; the plugin serves what was uploaded.
 *
 * @param capabilities that it asks for, all granted
 * @param moduleSha256 of the module that serves, lower-case hex
 * @param took the time for checking, compiling, warming and the switch; without the upload, and
 *     without waiting for another change of the plugin
 * @param failedCalls calls of the plugin that failed in that time, for whatever reason
 * @param warnings what loads but will not work, a sentence each
 */
public record DevelopResult(
    Action action,
    String plugin,
    String version,
    SortedSet<String> capabilities,
    String moduleSha256,
    Duration took,
    long failedCalls,
    List<String> warnings) {
  public DevelopResult {
    warnings = List.copyOf(warnings);
  }

  /** What happened to the plugin. */
  public enum Action {
    /** It was not installed, or not in service. */
    INSTALLED,
    /** Another version of it served. */
    RELOADED,
    /** It already served the same bytes. */
    UNCHANGED
  }
}
