package io.gonext.host;

import java.time.Duration;

/**
 * How a host runs the jobs of plugins.
 *
 * @param threads jobs that run at once on this host, of all plugins together; 0 for none: other
 *     hosts on the database run them
 * @param poll how often the host looks for jobs that others enqueued; its own it sees at once
 * @param takeOver after this time without a sign of life, another host takes a node's jobs over
 * @param longest the most that a manifest gets as the time of one attempt
 * @param backoff the pause after the first failure; see {@code jobs[].backoff}
 * @param perMinute how many jobs one plugin may enqueue in a minute, on each host
 * @param waiting how many jobs of one plugin may wait or run
 * @param keepEnded how long jobs are kept that succeeded or were cancelled
 * @param keepDead how long dead jobs are kept
 */
public record JobPolicy(
    int threads,
    Duration poll,
    Duration takeOver,
    Duration longest,
    Duration backoff,
    int perMinute,
    int waiting,
    Duration keepEnded,
    Duration keepDead) {
  public JobPolicy {
    if (threads < 0 || perMinute < 1 || waiting < 1) {
      throw new IllegalArgumentException(
          "threads must not be negative; perMinute and waiting must be at least 1");
    }
    if (poll.toMillis() < 1 || longest.toMillis() < 1 || backoff.toMillis() < 1) {
      throw new IllegalArgumentException("poll, longest and backoff must be at least 1 ms");
    }
    if (takeOver.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("takeOver must be at least 1 s: " + takeOver);
    }
    if (keepEnded.isNegative() || keepDead.isNegative()) {
      throw new IllegalArgumentException("keepEnded and keepDead must not be negative");
    }
  }

  /**
   * 4 jobs at once; takes over after 30 s; 5 minutes an attempt at most; 10 s after the first
   * failure; 60 a minute and 1,000 waiting for one plugin; ended jobs are kept for a day, dead ones
   * for 30 days.
   */
  public static JobPolicy defaults() {
    return new JobPolicy(
        4,
        Duration.ofSeconds(1),
        Duration.ofSeconds(30),
        Duration.ofMinutes(5),
        Duration.ofSeconds(10),
        60,
        1_000,
        Duration.ofDays(1),
        Duration.ofDays(30));
  }

  /** A copy that runs so many jobs at once. */
  public JobPolicy withThreads(int number) {
    return new JobPolicy(
        number, poll, takeOver, longest, backoff, perMinute, waiting, keepEnded, keepDead);
  }

  /** A copy that looks so often, and takes over after so long. */
  public JobPolicy withTimes(Duration newPoll, Duration newTakeOver) {
    return new JobPolicy(
        threads, newPoll, newTakeOver, longest, backoff, perMinute, waiting, keepEnded, keepDead);
  }

  /** A copy with this pause after the first failure. */
  public JobPolicy withBackoff(Duration pause) {
    return new JobPolicy(
        threads, poll, takeOver, longest, pause, perMinute, waiting, keepEnded, keepDead);
  }

  /** A copy with these bounds for one plugin. */
  public JobPolicy withBounds(int newPerMinute, int newWaiting) {
    return new JobPolicy(
        threads, poll, takeOver, longest, backoff, newPerMinute, newWaiting, keepEnded, keepDead);
  }

  /** A copy that keeps jobs for so long after their end. */
  public JobPolicy withKept(Duration ended, Duration dead) {
    return new JobPolicy(
        threads, poll, takeOver, longest, backoff, perMinute, waiting, ended, dead);
  }
}
