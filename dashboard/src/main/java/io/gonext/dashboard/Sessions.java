package io.gonext.dashboard;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The visitors who have signed in, by the identifier in their cookie. They are in memory only: a
 * restart signs everybody out.
 *
 * <p>Thread-safe.
 */
final class Sessions {
  /** How long a session lasts, used or not. */
  static final Duration LIFE = Duration.ofHours(12);

  /** The most sessions; the oldest one ends when there is one more. */
  static final int MAX = 1000;

  private final InstantSource clock;

  /** By identifier, the oldest first. Guarded by this. */
  private final Map<String, Session> sessions =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Session> eldest) {
          return size() > MAX;
        }
      };

  private record Session(Visitor visitor, Instant ends) {}

  Sessions(InstantSource clock) {
    this.clock = clock;
  }

  /** Begins a session. */
  synchronized void begin(String id, Visitor visitor) {
    Instant now = clock.instant();
    sessions.values().removeIf(session -> !now.isBefore(session.ends()));
    sessions.put(id, new Session(visitor, now.plus(LIFE)));
  }

  /** The visitor of a session that has not ended. */
  synchronized Optional<Visitor> find(String id) {
    return Optional.ofNullable(sessions.get(id))
        .filter(session -> clock.instant().isBefore(session.ends()))
        .map(Session::visitor);
  }

  /** Ends the sessions of these visitors. */
  synchronized void endOf(Predicate<Visitor> visitors) {
    sessions.values().removeIf(session -> visitors.test(session.visitor()));
  }

  /** Ends a session, if there is one. */
  synchronized void end(String id) {
    sessions.remove(id);
  }
}
