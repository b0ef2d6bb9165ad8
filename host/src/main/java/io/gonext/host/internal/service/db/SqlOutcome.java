package io.gonext.host.internal.service.db;

import java.util.Locale;

/** How a permitted call of {@code gn_db_*} ended; a label of its timer. */
enum SqlOutcome {
  OK,
  /** The arguments are not as the ABI says. */
  BAD_ARGUMENTS,
  /** The database refused the statement. */
  REJECTED,
  /** Another transaction was first. */
  CONFLICT,
  /** The statement took too long, or waited too long for a lock. */
  TIMED_OUT,
  /** Nothing ended it but the end of its session. */
  CUT_OFF,
  /** All of the plugin's connections were in use. */
  RATE_LIMITED,
  /** The plugin's tables would take more than they may. */
  QUOTA,
  /** The database failed, or the host had no connection for it. */
  UNAVAILABLE;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
