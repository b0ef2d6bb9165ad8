package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.json.StrictJson;
import io.gonext.host.recording.Recording;
import io.gonext.server.AdminApi.Endpoint;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The part of the operator's API for recorded calls, below the plugin. */
final class RecordingApi {
  private final Host host;

  RecordingApi(Host host) {
    this.host = host;
  }

  List<Endpoint> endpoints(String plugin) {
    String recordings = plugin + "/recordings";
    return List.of(
        new Endpoint(HandlerType.GET, recordings, this::list),
        new Endpoint(HandlerType.POST, recordings, this::start),
        new Endpoint(HandlerType.DELETE, recordings, this::stop),
        // What callers sent is not for everybody who may look.
        new Endpoint(HandlerType.GET, recordings + "/{id}", this::file).forAdmins());
  }

  private void start(Context ctx) throws IOException {
    String plugin = AdminApi.installed(host, ctx);
    host.recordings().start(plugin, policy(RequestBody.object(ctx)));
    answer(ctx, plugin);
  }

  private static RecordingPolicy policy(ObjectNode request) {
    request
        .propertyNames()
        .forEach(name -> {
          if (!List.of("failures", "slow_ms", "every").contains(name)) {
            throw refused("the fields of a recording are failures, slow_ms and every");
          }
        });
    JsonNode failures = request.path("failures");
    if (!failures.isMissingNode() && !failures.isBoolean()) {
      throw refused("\"failures\" is neither true nor false");
    }
    try {
      return new RecordingPolicy(
          failures.asBoolean(true),
          Optional.of(number(request, "slow_ms", 1, 3_600_000))
              .filter(millis -> millis > 0)
              .map(Duration::ofMillis),
          (int) number(request, "every", 0, 1_000_000_000));
    } catch (IllegalArgumentException e) {
      throw refused(
          "this keeps no call: set \"failures\" to true, or give \"slow_ms\" or \"every\"");
    }
  }

  /** Zero if it is left out. */
  private static long number(ObjectNode request, String field, long least, long most) {
    if (!request.has(field)) {
      return 0;
    }
    OptionalLong value = StrictJson.integer(request.path(field));
    if (value.isEmpty() || value.getAsLong() < least || value.getAsLong() > most) {
      throw refused("\"" + field + "\" is not a whole number from " + least + " to " + most);
    }
    return value.getAsLong();
  }

  private void stop(Context ctx) {
    String plugin = AdminApi.installed(host, ctx);
    host.recordings().stop(plugin);
    answer(ctx, plugin);
  }

  private void list(Context ctx) {
    answer(ctx, AdminApi.installed(host, ctx));
  }

  private void file(Context ctx) {
    String plugin = AdminApi.installed(host, ctx);
    String id = ctx.pathParam("id");
    Recording recording =
        (id.matches("[0-9]{1,18}")
                ? host.recordings().get(plugin, Long.parseLong(id))
                : Optional.<Recording>empty())
            .orElseThrow(() ->
                new Problem(
                    HttpStatus.NOT_FOUND,
                    "there is no recording of this id now; newer ones may have taken its place"));
    ctx.contentType("application/json").result(recording.file());
  }

  private void answer(Context ctx, String plugin) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("name", plugin);
    Optional<RecordingPolicy> policy = host.recordings().policy(plugin);
    body.put("records", policy.isPresent());
    policy.ifPresent(current -> {
      ObjectNode view = body.putObject("policy");
      view.put("failures", current.failures()).put("every", current.every());
      current.slow().ifPresent(least -> view.put("slow_ms", least.toMillis()));
    });
    ArrayNode recordings = body.putArray("recordings");
    for (RecordingInfo info : host.recordings().list(plugin)) {
      recordings
          .addObject()
          .put("id", info.id())
          .put("version", info.version())
          .put("at", info.at().toString())
          .put("hook", info.hook())
          .put("reason", info.reason())
          .put("complete", info.complete())
          .put("bytes", info.bytes());
    }
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  private static Problem refused(String detail) {
    return new Problem(HttpStatus.BAD_REQUEST, detail);
  }
}
