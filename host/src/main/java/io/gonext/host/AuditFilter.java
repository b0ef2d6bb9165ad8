package io.gonext.host;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of the audit log are meant. An empty text and a missing time stand for all.
 *
 * @param plugin its name
 * @param event a part of the event's name, in any case
 * @param actor who did it, the whole name
 * @param from rows of this time and later
 * @param before rows of an earlier time
 */
public record AuditFilter(
    String plugin, String event, String actor, @Nullable Instant from, @Nullable Instant before) {
  /** All rows. */
  public static final AuditFilter ALL = new AuditFilter("", "", "", null, null);
}
