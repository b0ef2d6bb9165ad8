package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PluginDatabases.Access;
import java.time.Duration;
import java.util.Locale;

/** The functions of this service. */
enum SqlKind {
  READ(Access.READ, Duration.ofMillis(500)),
  WRITE(Access.WRITE, Duration.ofMillis(500)),
  BATCH(Access.WRITE, Duration.ofSeconds(1));

  private final Access access;
  private final Duration budget;

  SqlKind(Access access, Duration budget) {
    this.access = access;
    this.budget = budget;
  }

  Access access() {
    return access;
  }

  /**
   * After this the session is ended. Longer than one statement may take, because what a statement
   * does when it is cancelled is the plugin's: a function may catch that, and continue.
   */
  Duration budget() {
    return budget;
  }

  /** The last part of the function's name. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  String function() {
    return "gn_db_" + label();
  }
}
