package io.gonext.host;

/**
 * A row of the audit log and its place in it.
 *
 * @param id larger than those of all rows before it
 */
public record AuditEntry(long id, AuditRow row) {}
