package io.gonext.host.internal.lifecycle;

import java.nio.charset.StandardCharsets;

/**
 * A hook as a plugin is called with it, whichever version answers.
 *
 * @param utf8 the name's bytes; not to be changed
 * @param isJob whether it is a job, which a guest handles by another function
 */
record PluginHook(String name, byte[] utf8, RecentInputs recent, boolean isJob) {
  static PluginHook named(String name) {
    return new PluginHook(name, name.getBytes(StandardCharsets.UTF_8), new RecentInputs(), false);
  }

  static PluginHook job(String name) {
    return new PluginHook(name, name.getBytes(StandardCharsets.UTF_8), new RecentInputs(), true);
  }
}
