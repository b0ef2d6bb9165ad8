package io.gonext.host.internal.store;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/** Tells a connection pool that a connection is of no use whose embedded database was closed. */
final class ClosedDatabase implements SQLExceptionOverride {
  /** H2's DATABASE_IS_CLOSED. */
  private static final int CODE = 90_098;

  @java.lang.Override
  public SQLExceptionOverride.Override adjudicate(SQLException e) {
    return e.getErrorCode() == CODE
        ? SQLExceptionOverride.Override.MUST_EVICT
        : SQLExceptionOverride.Override.CONTINUE_EVICT;
  }
}
