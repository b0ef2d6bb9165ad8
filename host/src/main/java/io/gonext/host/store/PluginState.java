package io.gonext.host.store;

/** Where a plugin stands; the store holds it. */
public enum PluginState {
  /** In the store, never activated. */
  INSTALLED,
  /** Serving; started again with the host. */
  ACTIVE,
  /** Taken out of service by an operator. */
  INACTIVE,
  /** Could not be started with the host; it is left alone until someone activates it. */
  ERRORED
}
