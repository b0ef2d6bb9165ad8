package io.gonext.host;

import java.time.Instant;

/**
 * A recording that is kept.
 *
 * @param id unique on this host since it was opened
 * @param plugin the plugin
 * @param version its version
 * @param at when the call ended
 * @param hook the hook or job
 * @param reason the outcome of a call that failed, {@code SLOW}, or {@code OK}
 * @param complete whether the recording holds all that the call saw
 * @param bytes about what it takes in memory
 */
public record RecordingInfo(
    long id,
    String plugin,
    String version,
    Instant at,
    String hook,
    String reason,
    boolean complete,
    long bytes) {}
