package io.gonext.host.internal.service.http;

/** A request of a plugin that has no answer. The message is safe to show the plugin's author. */
final class FetchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final FetchOutcome outcome;

  /** Has no stack trace, because guests can cause it at each call. */
  FetchException(FetchOutcome outcome, String message) {
    super(message, null, false, false);
    this.outcome = outcome;
  }

  FetchOutcome outcome() {
    return outcome;
  }
}
