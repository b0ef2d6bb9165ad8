package io.gonext.host.internal.service.events;

import java.util.Locale;

/** What became of an event; a label of the counter of events. */
enum EventOutcome {
  /** Its call succeeded, and the event went to its receivers. */
  EMITTED,
  /** It was handed to {@link DurableEvents}. */
  STORED,
  /** Its name or data is not acceptable. */
  BAD_REQUEST,
  /** The plugin has emitted all that it may in a call or a minute. */
  RATE_LIMITED,
  /** It was emitted by a receiver of an event, and so on, too many times. */
  TOO_DEEP,
  /** Too many events waited for one of its receivers, or the host was closing. Per receiver. */
  DROPPED,
  /** A listener of the application threw. Per listener. */
  FAILED;

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
