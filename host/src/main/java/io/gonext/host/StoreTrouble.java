package io.gonext.host;

import java.time.Instant;

/**
 * Why the store does not answer, or does not accept changes.
 *
 * @param cause what the database or its driver says, one line: it may name its address
 * @param since when the host noticed it first
 */
public record StoreTrouble(String cause, Instant since) {}
