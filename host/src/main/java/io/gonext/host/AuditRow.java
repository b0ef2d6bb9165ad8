package io.gonext.host;

import java.time.Instant;

/**
 * Something that happened to a plugin or that one did.
 *
 * @param plugin empty where it is not known, for a bundle that cannot be read for instance
 * @param version empty where it is not known
 * @param event the host's own have no dot in their names; a plugin's begin with its name and a dot
 * @param actor who did it: {@code operator}, {@code host} or {@code plugin}
 * @param detail a JSON object, as text
 */
public record AuditRow(
    Instant at, String plugin, String version, String event, String actor, String detail) {}
