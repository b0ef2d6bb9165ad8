package io.gonext.host;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A job.
 *
 * @param job its name in the manifest
 * @param priority higher runs first
 * @param attemptsMade how many began
 * @param dueAt when it runs, or was to run, at the earliest
 * @param endedAt empty while it has not ended
 * @param reason why it is FAILED, DEAD or CANCELLED; empty otherwise
 * @param args its arguments, an object
 * @param attempts what each attempt came to; empty in lists
 */
public record JobInfo(
    String id,
    String plugin,
    String job,
    JobState state,
    int priority,
    int attemptsMade,
    String idempotencyKey,
    Instant enqueuedAt,
    Instant dueAt,
    Optional<Instant> endedAt,
    String reason,
    JsonNode args,
    List<JobAttempt> attempts) {
  public JobInfo {
    attempts = List.copyOf(attempts);
  }
}
