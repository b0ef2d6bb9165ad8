package io.gonext.host.internal.service.db;

import java.util.Set;
import org.h2.command.Prepared;
import org.h2.command.ddl.DropIndex;
import org.h2.command.ddl.DropTable;
import org.h2.command.ddl.TruncateTable;
import org.h2.command.dml.Delete;
import org.h2.engine.SessionLocal;

/**
 * Tells the statements of H2 that only remove. H2 estimates what tables take, and the estimate
 * falls long after rows were deleted.
 */
final class Removal {
  private static final Set<Class<?>> REMOVALS =
      Set.of(Delete.class, DropIndex.class, DropTable.class, TruncateTable.class);

  private Removal() {}

  /** Whether a statement that the session can prepare only removes. */
  static boolean is(SessionLocal session, String sql) {
    Prepared prepared;
    session.lock();
    try {
      prepared = session.prepare(sql);
    } finally {
      session.unlock();
    }
    return REMOVALS.contains(prepared.getClass());
  }
}
