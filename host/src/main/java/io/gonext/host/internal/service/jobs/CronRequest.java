package io.gonext.host.internal.service.jobs;

import io.gonext.host.internal.service.jobs.JobRequest.InvalidException;
import io.gonext.host.internal.store.CronStore.NextCron;
import io.gonext.host.internal.store.CronStore.StoredCron;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest.CatchUp;
import io.gonext.host.manifest.Schedule;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A schedule that a plugin registers: {@code {"schedule","handler_id","zone","args","catch_up"}}.
 *
 * @param args UTF-8 JSON, an object
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
record CronRequest(String handler, Schedule schedule, byte[] args, CatchUp catchUp) {
  /** How many a plugin may register. */
  static final int MOST = 16;

  private static final Set<String> FIELDS =
      Set.of("schedule", "handler_id", "zone", "args", "catch_up");

  private static final Pattern HANDLER = Pattern.compile("[A-Za-z0-9_.-]{1,128}");

  static CronRequest parse(JsonNode json) throws InvalidException {
    if (!json.isObject()) {
      throw new InvalidException("the request is not an object");
    }
    for (String field : json.propertyNames()) {
      if (!FIELDS.contains(field)) {
        throw new InvalidException("the request has no field " + field);
      }
    }
    String handler = json.path("handler_id").asString("");
    if (!HANDLER.matcher(handler).matches()) {
      throw new InvalidException(
          "\"handler_id\" is not a name of letters, digits and '_.-', at most 128 characters");
    }
    return new CronRequest(handler, schedule(json), args(json), catchUp(json));
  }

  private static Schedule schedule(JsonNode json) throws InvalidException {
    JsonNode schedule = json.path("schedule");
    try {
      if (schedule.isString()) {
        return Schedule.parse(schedule.stringValue(), zone(json));
      }
      OptionalLong millis = StrictJson.integer(schedule.get("every_ms"));
      if (schedule.isObject() && schedule.size() == 1 && millis.isPresent()) {
        return Schedule.every(Duration.ofMillis(millis.getAsLong()));
      }
    } catch (IllegalArgumentException e) {
      throw new InvalidException("\"schedule\": " + e.getMessage());
    }
    throw new InvalidException(
        "\"schedule\" is neither a text such as 30 4 * * 1-5 nor {\"every_ms\":60000}");
  }

  private static ZoneId zone(JsonNode json) throws InvalidException {
    JsonNode zone = json.get("zone");
    if (zone == null) {
      return Schedule.UTC;
    }
    Optional<ZoneId> known = zone.isString() ? Schedule.zone(zone.stringValue()) : Optional.empty();
    if (known.isEmpty()) {
      throw new InvalidException("\"zone\" is not a time zone such as Europe/Berlin");
    }
    return known.get();
  }

  private static byte[] args(JsonNode json) throws InvalidException {
    JsonNode args = json.get("args");
    if (args == null) {
      return StrictJson.write(JsonNodeFactory.instance.objectNode());
    }
    byte[] bytes = args.isObject() ? StrictJson.write(args, JobRequest.MAX_ARGS_BYTES) : null;
    if (bytes == null) {
      throw new InvalidException(
          "\"args\" is not an object of at most " + JobRequest.MAX_ARGS_BYTES + " bytes");
    }
    return bytes;
  }

  private static CatchUp catchUp(JsonNode json) throws InvalidException {
    return switch (json.path("catch_up").asString("once")) {
      case "none" -> CatchUp.NONE;
      case "once" -> CatchUp.ONCE;
      case "all" -> CatchUp.ALL;
      default -> throw new InvalidException("\"catch_up\" is not none, once or all");
    };
  }

  NextCron stored(Instant now) {
    return new NextCron(
        new StoredCron(
            handler,
            true,
            handler,
            schedule.toString(),
            schedule.zone().getId(),
            args,
            catchUp.name().toLowerCase(Locale.ROOT)),
        schedule.next(now).orElseThrow());
  }
}
