package io.gonext.host;

/** Where a plugin stands; the store holds it. */
public enum PluginState {
  /** In the store, never activated. */
  INSTALLED,
  /** Serving; started again with the host. */
  ACTIVE,
  /** Taken out of service by an operator. */
  INACTIVE,
  /** Taken out of service by the host, for a cause. Only a reset leads out of this state. */
  ERRORED;

  /** Whether a plugin may go from this state to another one; false for the same state. */
  public boolean mayMoveTo(PluginState next) {
    return switch (this) {
      case INSTALLED, INACTIVE -> next == ACTIVE;
      case ACTIVE -> next == INACTIVE || next == ERRORED;
      case ERRORED -> next == INACTIVE;
    };
  }
}
