package io.gonext.host;

import java.time.Instant;

/**
 * That the store does not answer, or takes no changes.
 *
 * @param cause what the database or its driver says, one line: it may name its address
 * @param since when it was first seen
 */
public record StoreTrouble(String cause, Instant since) {}
