package io.gonext.host.registry;

import io.gonext.host.RegistryException;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Repeats what failed for a reason that passes: a lost connection, a registry that is overloaded or
 * broken at this moment. The pauses double, and vary, so that clients do not come back together.
 *
 * <p>Thread-safe.
 */
final class Retries {
  /** The most attempts in a row that bring nothing. */
  static final int ATTEMPTS = 5;

  private static final Duration FIRST = Duration.ofMillis(500);

  /** The longest pause that a registry may ask for. */
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final Pause pause;
  private final RandomGenerator random;

  Retries(Pause pause, RandomGenerator random) {
    this.pause = pause;
    this.random = random;
  }

  /** Waits. */
  @FunctionalInterface
  interface Pause {
    void await(Duration time) throws InterruptedException;
  }

  /** May succeed when it is made again. */
  @FunctionalInterface
  interface Attempt<T> {
    T make() throws PassingException, InterruptedException;
  }

  /** A failure that may pass. */
  static final class PassingException extends Exception {
    private static final long serialVersionUID = 1L;

    private final RegistryException reason;
    private final Duration atLeast;
    private final boolean moved;

    PassingException(String reason) {
      this(reason, Duration.ZERO, false);
    }

    /**
     * @param reason what is said when it does not pass
     * @param atLeast the pause that the registry asks for
     * @param moved whether the attempt brought a transfer forward
     */
    PassingException(String reason, Duration atLeast, boolean moved) {
      super(reason, null, false, false);
      this.reason = new RegistryException(RegistryException.Kind.UNAVAILABLE, reason);
      this.atLeast = atLeast;
      this.moved = moved;
    }
  }

  /**
   * Makes attempts until one succeeds.
   *
   * @throws RegistryException when {@value #ATTEMPTS} in a row brought nothing, or the deadline
   *     would pass in the next pause
   */
  <T> T repeat(Deadline deadline, String registry, Attempt<T> attempt) throws InterruptedException {
    int failed = 0;
    while (true) {
      try {
        return attempt.make();
      } catch (PassingException e) {
        failed = e.moved ? 1 : failed + 1;
        Duration time = pause(failed, e.atLeast);
        if (failed >= ATTEMPTS || deadline.left(registry).compareTo(time) <= 0) {
          throw e.reason;
        }
        pause.await(time);
      }
    }
  }

  private Duration pause(int failed, Duration atLeast) {
    Duration doubled = FIRST.multipliedBy(1L << (failed - 1));
    Duration varied = Duration.ofMillis(doubled.toMillis() * random.nextInt(75, 126) / 100);
    Duration longer = varied.compareTo(atLeast) < 0 ? atLeast : varied;
    return longer.compareTo(LONGEST) < 0 ? longer : LONGEST;
  }
}
