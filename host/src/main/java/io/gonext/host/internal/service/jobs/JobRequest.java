package io.gonext.host.internal.service.jobs;

import io.gonext.host.internal.store.JobStore;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A request to enqueue a job, as guests and operators write it: {@code
 * {"job","args","delay_ms"|"at","idempotency_key","priority"}}.
 *
 * @param args UTF-8 JSON, an object
 * @param delay from now; empty if {@code at} is given
 * @param idempotencyKey empty for none
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
public record JobRequest(
    String job,
    byte[] args,
    Optional<Duration> delay,
    Optional<Instant> at,
    String idempotencyKey,
    int priority) {
  /** The most that arguments may take, in bytes. */
  public static final int MAX_ARGS_BYTES = 64 * 1024;

  /** From the lowest to the highest. */
  public static final int MAX_PRIORITY = 100;

  /** How far ahead a job may be enqueued. */
  public static final Duration MAX_DELAY = Duration.ofDays(366);

  private static final Set<String> FIELDS =
      Set.of("job", "args", "delay_ms", "at", "idempotency_key", "priority");

  /** A request that is not acceptable, with a sentence for its author. */
  public static final class InvalidException extends Exception {
    private static final long serialVersionUID = 1L;

    InvalidException(String message) {
      super(message, null, false, false);
    }
  }

  /**
   * Reads a request.
   *
   * @throws InvalidException when it is not acceptable
   */
  public static JobRequest parse(JsonNode json) throws InvalidException {
    if (!json.isObject()) {
      throw new InvalidException("the request is not an object");
    }
    for (String field : json.propertyNames()) {
      if (!FIELDS.contains(field)) {
        throw new InvalidException("the request has no field " + field);
      }
    }
    String job = json.path("job").asString("");
    if (!json.path("job").isString() || job.isEmpty()) {
      throw new InvalidException("\"job\" is not the name of a job");
    }
    return new JobRequest(
        job, args(json.get("args")), delay(json), at(json), key(json), priority(json));
  }

  private static byte[] args(@Nullable JsonNode args) throws InvalidException {
    if (args == null || args.isNull()) {
      return StrictJson.write(JsonNodeFactory.instance.objectNode());
    }
    if (!args.isObject()) {
      throw new InvalidException("\"args\" is not an object");
    }
    byte[] bytes = StrictJson.write(args, MAX_ARGS_BYTES);
    if (bytes == null) {
      throw new InvalidException("\"args\" has more than " + MAX_ARGS_BYTES + " bytes");
    }
    return bytes;
  }

  private static Optional<Duration> delay(JsonNode json) throws InvalidException {
    if (!json.has("delay_ms")) {
      return json.has("at") ? Optional.empty() : Optional.of(Duration.ZERO);
    }
    if (json.has("at")) {
      throw new InvalidException("the request has both \"delay_ms\" and \"at\"");
    }
    OptionalLong millis = StrictJson.integer(json.get("delay_ms"));
    if (millis.isEmpty() || millis.getAsLong() < 0 || millis.getAsLong() > MAX_DELAY.toMillis()) {
      throw new InvalidException(
          "\"delay_ms\" is not an integer from 0 to " + MAX_DELAY.toMillis());
    }
    return Optional.of(Duration.ofMillis(millis.getAsLong()));
  }

  private static Optional<Instant> at(JsonNode json) throws InvalidException {
    JsonNode at = json.get("at");
    if (at == null) {
      return Optional.empty();
    }
    try {
      OptionalLong millis = StrictJson.integer(at);
      if (millis.isPresent()) {
        return Optional.of(Instant.ofEpochMilli(millis.getAsLong()));
      }
      if (at.isString()) {
        return Optional.of(Instant.parse(at.stringValue()));
      }
    } catch (DateTimeException e) {
      // Told below.
    }
    throw new InvalidException(
        "\"at\" is neither a Unix time in milliseconds nor a text such as 2026-11-30T04:00:00Z");
  }

  private static String key(JsonNode json) throws InvalidException {
    JsonNode key = json.get("idempotency_key");
    if (key == null || key.isNull()) {
      return "";
    }
    String text = key.asString("");
    if (!key.isString()
        || text.isEmpty()
        || text.length() > JobStore.MAX_KEY_LENGTH
        || text.indexOf(0) >= 0
        || !StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new InvalidException(
          "\"idempotency_key\" is not a well-formed text of 1 to "
              + JobStore.MAX_KEY_LENGTH
              + " characters without U+0000");
    }
    return text;
  }

  private static int priority(JsonNode json) throws InvalidException {
    if (!json.has("priority")) {
      return 0;
    }
    OptionalLong priority = StrictJson.integer(json.get("priority"));
    if (priority.isEmpty() || Math.abs(priority.getAsLong()) > MAX_PRIORITY) {
      throw new InvalidException(
          "\"priority\" is not an integer from -%d to %d".formatted(MAX_PRIORITY, MAX_PRIORITY));
    }
    return (int) priority.getAsLong();
  }

  /**
   * When the job is due.
   *
   * @throws InvalidException when that is too far ahead
   */
  Instant due(Instant now) throws InvalidException {
    Instant due = at.orElseGet(() -> now.plus(delay.orElse(Duration.ZERO)));
    if (due.isAfter(now.plus(MAX_DELAY))) {
      throw new InvalidException("\"at\" is more than " + MAX_DELAY.toDays() + " days ahead");
    }
    return due.isBefore(now) ? now : due;
  }
}
