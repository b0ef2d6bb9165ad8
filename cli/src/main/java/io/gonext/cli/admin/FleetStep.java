package io.gonext.cli.admin;

import java.util.Locale;

/**
 * One change that a plan makes. To make it again changes nothing.
 *
 * @param detail for people: what changes, or why; may be empty
 */
record FleetStep(String plugin, Action action, String detail) {
  /** What is done to a plugin. */
  enum Action {
    DEACTIVATE,
    UNINSTALL,
    INSTALL,
    UPDATE,
    GRANTS,
    CONFIG,
    RESET,
    ACTIVATE;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Override
  public String toString() {
    return action + " " + plugin + (detail.isEmpty() ? "" : ": " + detail);
  }
}
