package io.gonext.host;

/**
 * How far a host that was opened has come with exercising the plugins that it started.
 *
 * @param plugins how many it started
 * @param done how many of them need no more exercise: their speed has settled, there is nothing to
 *     exercise them with, or the time is over
 */
public record WarmUpProgress(int plugins, int done) {
  /** Whether the host still exercises plugins. */
  public boolean isWarming() {
    return done < plugins;
  }
}
