package io.gonext.host.hook;

import java.time.Instant;

/** A turn that did not end as OK, and when it ended. */
public record PastFailure(Instant at, TurnFailure failure) {}
