package io.gonext.host.internal.service.db;

import java.sql.Connection;
import org.jspecify.annotations.Nullable;

/** Work on a connection of a plugin that another thread may end. */
interface SqlCut {
  /**
   * Lets nothing be committed from now on. Returns the connection in use, which is not used again;
   * null if there is none.
   */
  @Nullable Connection cutOff();
}
