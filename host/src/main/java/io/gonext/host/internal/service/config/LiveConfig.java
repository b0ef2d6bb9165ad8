package io.gonext.host.internal.service.config;

/**
 * The configuration of one version of a plugin in service, which follows what operators set. Safe
 * for use by several threads.
 */
public final class LiveConfig {
  private volatile ConfigSnapshot current;

  LiveConfig(ConfigSnapshot current) {
    this.current = current;
  }

  /** The newest version; a call keeps the one that it began with. */
  public ConfigSnapshot current() {
    return current;
  }

  void set(ConfigSnapshot next) {
    current = next;
  }
}
