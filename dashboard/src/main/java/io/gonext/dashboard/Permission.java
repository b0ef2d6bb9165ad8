package io.gonext.dashboard;

/** Who may use a path of the dashboard. */
enum Permission {
  /** Everybody, without a session. */
  OPEN,
  /** Every visitor. */
  READ,
  /** A visitor who may change the host. */
  CHANGE
}
