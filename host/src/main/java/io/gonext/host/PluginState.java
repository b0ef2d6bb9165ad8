package io.gonext.host;

/** Where a plugin stands; the store holds it. */
public enum PluginState {
  /** In the store, never activated. */
  INSTALLED,
  /** Serving; started again with the host. */
  ACTIVE,
  /** Taken out of service by an operator. */
  INACTIVE,
  /** Taken out of service by the host, for a cause; nothing but a reset leads out of it. */
  ERRORED;

  /** Whether a plugin may go from this state to that one; staying is no move. */
  public boolean mayMoveTo(PluginState next) {
    return switch (this) {
      case INSTALLED, INACTIVE -> next == ACTIVE;
      case ACTIVE -> next == INACTIVE || next == ERRORED;
      case ERRORED -> next == INACTIVE;
    };
  }

  void requireMoveTo(PluginState next) {
    if (!mayMoveTo(next)) {
      throw new IllegalStateException("no plugin goes from " + this + " to " + next);
    }
  }
}
