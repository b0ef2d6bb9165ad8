package io.gonext.server;

import io.gonext.host.AuditRow;
import io.gonext.host.Host;
import io.gonext.host.json.StrictJson;
import io.gonext.server.AdminApi.Endpoint;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/**
 * The part of the operator's API that is about the host and not about one plugin: levels of the
 * log, the whole audit log, and diagnostics.
 */
final class OperationsApi {
  private static final String LEVELS = "/api/v1/log-levels";

  private static final int AUDIT_ROWS = 100;
  private static final int MAX_AUDIT_ROWS = 10_000;

  private final Host host;
  private final Optional<LogLevels> levels;
  private final DiagnosticsApi diagnostics;

  /**
   * @param levels empty where the application keeps its log to itself
   */
  OperationsApi(Host host, Optional<LogLevels> levels, DiagnosticsApi diagnostics) {
    this.host = host;
    this.levels = levels;
    this.diagnostics = diagnostics;
  }

  List<Endpoint> endpoints() {
    return Stream.of(own(), diagnostics.endpoints()).flatMap(List::stream).toList();
  }

  private List<Endpoint> own() {
    return List.of(
        new Endpoint(HandlerType.GET, "/api/v1/audit", this::audit),
        new Endpoint(HandlerType.GET, LEVELS, this::showLevels),
        new Endpoint(HandlerType.PUT, LEVELS + "/{logger}", this::setLevel),
        new Endpoint(HandlerType.DELETE, LEVELS + "/{logger}", this::resetLevel));
  }

  private void audit(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode rows = body.putArray("audit");
    host.audit()
        .newest(auditLimit(ctx))
        .forEach(row -> rows.add(view(row).put("plugin", row.plugin())));
    answer(ctx, body);
  }

  /** How many rows of the audit log a client asks for. */
  static int auditLimit(Context ctx) {
    String limit = ctx.queryParam("limit");
    int rows;
    try {
      rows = limit == null ? AUDIT_ROWS : Integer.parseInt(limit);
    } catch (NumberFormatException e) {
      rows = 0;
    }
    if (rows < 1 || rows > MAX_AUDIT_ROWS) {
      throw new Problem(
          HttpStatus.BAD_REQUEST, "limit must be a number from 1 to " + MAX_AUDIT_ROWS);
    }
    return rows;
  }

  /** A row of the audit log, without its plugin. */
  static ObjectNode view(AuditRow row) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("at", row.at().toString())
        .put("version", row.version())
        .put("event", row.event())
        .put("actor", row.actor())
        .putRawValue("detail", new RawValue(row.detail()));
  }

  private void showLevels(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    ArrayNode all = body.putArray("levels");
    levels()
        .views()
        .forEach((logger, view) -> {
          ObjectNode one =
              all.addObject()
                  .put("logger", logger)
                  .put("level", view.level().map(LogLevel::label).orElse("inherited"))
                  .put("changed", view.changed());
          if (view.changed()) {
            one.put("before", view.before().map(LogLevel::label).orElse("inherited"));
          }
          view.until().ifPresent(until -> one.put("until", until.toString()));
        });
    answer(ctx, body);
  }

  private void setLevel(Context ctx) throws IOException {
    ObjectNode body = RequestBody.object(ctx);
    for (String field : body.propertyNames()) {
      if (!field.equals("level") && !field.equals("for_seconds")) {
        throw new Problem(
            HttpStatus.BAD_REQUEST, "there is no field " + field + ", only level and for_seconds");
      }
    }
    try {
      levels()
          .set(
              ctx.pathParam("logger"),
              LogLevel.parse(body.path("level").asString("")),
              time(body.get("for_seconds")));
    } catch (IllegalArgumentException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    showLevels(ctx);
  }

  private static Optional<Duration> time(@Nullable JsonNode seconds) {
    if (seconds == null) {
      return Optional.empty();
    }
    OptionalLong number = StrictJson.integer(seconds);
    if (number.isEmpty()
        || number.getAsLong() < 1
        || number.getAsLong() > LogLevels.LONGEST.toSeconds()) {
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          "for_seconds must be an integer from 1 to " + LogLevels.LONGEST.toSeconds());
    }
    return Optional.of(Duration.ofSeconds(number.getAsLong()));
  }

  private void resetLevel(Context ctx) {
    try {
      if (!levels().reset(ctx.pathParam("logger"))) {
        throw new Problem(HttpStatus.NOT_FOUND, "nobody changed the level of this logger");
      }
    } catch (IllegalArgumentException e) {
      throw new Problem(HttpStatus.BAD_REQUEST, String.valueOf(e.getMessage()));
    }
    showLevels(ctx);
  }

  private LogLevels levels() {
    return levels.orElseThrow(() ->
        new Problem(
            HttpStatus.NOT_FOUND,
            "the levels of this log belong to the application that this host is part of"));
  }

  private static void answer(Context ctx, JsonNode body) {
    ctx.contentType("application/json").result(StrictJson.write(body));
  }
}
