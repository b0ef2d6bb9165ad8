package io.gonext.host.internal.lifecycle;

import java.nio.charset.StandardCharsets;

/**
 * A hook as a plugin is called with it, whichever version answers.
 *
 * @param utf8 the name's bytes; not to be changed
 */
record PluginHook(String name, byte[] utf8, RecentInputs recent) {
  static PluginHook named(String name) {
    return new PluginHook(name, name.getBytes(StandardCharsets.UTF_8), new RecentInputs());
  }
}
