package io.gonext.host.internal.service.http;

import java.util.Locale;

/** How a request of a plugin ended: the values of the label {@code outcome}. */
enum FetchOutcome {
  /** There is an answer, with whatever status. */
  ANSWERED,
  BAD_REQUEST,
  /** The manifest does not list the origin. */
  BLOCKED_ORIGIN,
  /** The address is not public, and the operator has not allowed it. */
  BLOCKED_ADDRESS,
  /** The plugin may not use a secret that the request names. */
  SECRET_DENIED,
  /** The manifest does not name the origin beside the secret. */
  SECRET_BLOCKED,
  /** A secret that the request names has no value. */
  SECRET_MISSING,
  /** A request cannot carry the value of a secret. */
  SECRET_UNUSABLE,
  /** One of the budgets is used up. */
  LIMITED,
  /** The time of the request or of the guest's call was over. */
  TIMED_OUT,
  /** No connection, or an answer that cannot be used. */
  FAILED;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
