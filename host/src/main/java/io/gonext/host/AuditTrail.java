package io.gonext.host;

import io.gonext.host.internal.audit.AuditLog;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * The audit log: what operators changed, what plugins were denied, and how they failed.
 *
 * <p>Thread-safe.
 */
public final class AuditTrail {
  private final AuditLog log;

  AuditTrail(AuditLog log) {
    this.log = log;
  }

  /**
   * The newest rows about one plugin, newest first. They stay when the plugin is uninstalled. The
   * host keeps the newest 10,000 rows of each plugin.
   *
   * @param limit the most rows to return, at least 1
   */
  public List<AuditRow> newest(String plugin, int limit) {
    return log.newest(plugin, limit);
  }

  /** The newest rows, newest first; see {@link #newest(String, int)}. */
  public List<AuditRow> newest(int limit) {
    return log.newest(limit);
  }

  /**
   * Records a change that the application made around the host, in the name of the actor of {@link
   * #recordedAs}. Returns when the row is stored, or after some seconds.
   *
   * @param plugin that it is about; empty for none
   * @param event without a dot
   */
  public void record(String plugin, String event, ObjectNode detail) {
    log.record(plugin, "", event, ChangeRecord.actor(), detail);
  }

  /**
   * The newest rows that a filter takes, newest first. To read on, give the id of the last row.
   *
   * @param before only rows with a smaller id; {@link Long#MAX_VALUE} to begin
   * @param limit the most rows to return, at least 1
   */
  public List<AuditEntry> find(AuditFilter filter, long before, int limit) {
    return log.find(filter, before, limit);
  }

  /** The changes for {@link #recordedAs}. */
  @FunctionalInterface
  public interface Action<E extends Exception> {
    void run() throws E;
  }

  /**
   * Runs an action in the name of an actor: the audit log records the changes and decisions that
   * the calling thread makes in it as the actor's. Outside of such an action the actor is {@code
   * operator}.
   *
   * @param actor a name of at most 64 characters
   */
  public <E extends Exception> void recordedAs(String actor, Action<E> action) throws E {
    ChangeRecord.as(actor, action);
  }
}
