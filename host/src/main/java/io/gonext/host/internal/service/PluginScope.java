package io.gonext.host.internal.service;

import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.capability.Permissions;
import io.gonext.host.internal.log.PluginLog;
import io.gonext.host.manifest.Locales;
import io.gonext.host.manifest.Manifest;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * For whom services make functions: one version of a plugin, and what its instances run for.
 *
 * @param locales the texts of its bundle
 * @param permissions what the plugin may do at this moment
 * @param waiting how many guests of the plugin wait in host functions at this moment
 */
public record PluginScope(
    Manifest manifest,
    Locales locales,
    Mode mode,
    Permissions permissions,
    PluginLog log,
    PluginAudit audit,
    InstantSource clock,
    AtomicInteger waiting) {
  public PluginScope(
      Manifest manifest,
      Locales locales,
      Mode mode,
      Permissions permissions,
      PluginLog log,
      PluginAudit audit,
      InstantSource clock) {
    this(manifest, locales, mode, permissions, log, audit, clock, new AtomicInteger());
  }

  /** A copy whose waiting guests are counted together with others. */
  public PluginScope waiting(AtomicInteger counter) {
    return new PluginScope(manifest, locales, mode, permissions, log, audit, clock, counter);
  }

  /** What instances run for. */
  public enum Mode {
    /** They serve calls. */
    SERVING(true, true, true),
    /** One starts, to see whether the module can. */
    TRIAL(false, false, true),
    /** One answers questions about itself, such as which routes it has. */
    SURVEY(false, false, false),
    /** One runs recent inputs before its version serves, so that the JIT compiles the code. */
    REHEARSAL(false, true, false);

    private final boolean effects;
    private final boolean permitted;
    private final boolean logging;

    Mode(boolean effects, boolean permitted, boolean logging) {
      this.effects = effects;
      this.permitted = permitted;
      this.logging = logging;
    }

    /** False: a service answers as if it had made a change, and makes none. */
    public boolean hasEffects() {
      return effects;
    }

    /** Whether the plugin's permissions hold. If not, it may do nothing. */
    public boolean isPermitted() {
      return permitted;
    }

    /** Whether log lines are kept. */
    public boolean isLogging() {
      return logging;
    }
  }
}
