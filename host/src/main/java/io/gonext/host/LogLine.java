package io.gonext.host;

import java.time.Instant;
import org.slf4j.event.Level;

/**
 * A line that a plugin logged.
 *
 * @param id larger than those of all lines of that plugin before it, also across restarts of the
 *     host: microseconds since 1970, or a few more
 * @param text without control characters, cut where it was long
 */
public record LogLine(long id, Instant at, Level level, String text) {}
