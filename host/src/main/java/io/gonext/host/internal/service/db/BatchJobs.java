package io.gonext.host.internal.service.db;

import java.sql.Connection;
import java.sql.SQLException;
import tools.jackson.databind.JsonNode;

/**
 * Enqueues jobs in the transaction of a {@code gn_db_batch}.
 *
 * <p>The connection has the plugin's rights and no others: it reaches the plugin's schema alone,
 * and what is in that schema is under the plugin's control, its triggers too. So jobs are written
 * into a table of that schema, and taken from there by a connection of {@code PluginDatabases}
 * again, never by one of the store.
 */
@FunctionalInterface
public interface BatchJobs {
  /**
   * Writes the jobs; the caller commits, or rolls back.
   *
   * @param transaction of the plugin's user, with the plugin's schema as its search path
   * @param entries the array {@code "enqueue"}, each entry as {@code gn_job_enqueue} takes it
   * @return the results, one for each entry, for the answer's {@code "enqueued"}
   * @throws SqlRefusedException when an entry is refused: as {@code gn_job_enqueue} refuses it
   */
  JsonNode enqueue(Connection transaction, String plugin, JsonNode entries)
      throws SQLException, SqlRefusedException;
}
