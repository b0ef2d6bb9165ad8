package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.Profiler;
import io.gonext.host.json.StrictJson;
import io.gonext.server.AdminApi.Endpoint;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ObjectNode;

/** The part of the operator's API that looks at what the code of a plugin does. */
final class ProfileApi {
  /** A client waits for the answer so long. */
  private static final int MOST_SECONDS = 60;

  private static final int USUAL_SECONDS = 10;

  private final Host host;
  private final BooleanSupplier closing;

  ProfileApi(Host host, BooleanSupplier closing) {
    this.host = host;
    this.closing = closing;
  }

  List<Endpoint> endpoints(String plugin) {
    return List.of(
        new Endpoint(HandlerType.POST, plugin + "/profile", this::profile),
        new Endpoint(HandlerType.POST, plugin + "/memory", this::memory));
  }

  private void profile(Context ctx) throws IOException {
    String plugin = AdminApi.installed(host, ctx);
    long seconds = seconds(RequestBody.object(ctx));
    answer(
        ctx, () -> host.profiler().sample(plugin, Profiler.EVERY, () -> watch(seconds)).toJson());
  }

  private void memory(Context ctx) throws IOException {
    String plugin = AdminApi.installed(host, ctx);
    long seconds = seconds(RequestBody.object(ctx));
    answer(ctx, () -> host.profiler().memory(plugin, () -> watch(seconds)).toJson());
  }

  /** What takes some seconds. */
  @FunctionalInterface
  private interface Look {
    ObjectNode at() throws InterruptedException;
  }

  private static void answer(Context ctx, Look look) {
    try {
      ctx.contentType("application/json").result(StrictJson.write(look.at()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Problem(HttpStatus.SERVICE_UNAVAILABLE, "the host is closing");
    }
  }

  private void watch(long seconds) throws InterruptedException {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (System.nanoTime() - end < 0 && !closing.getAsBoolean()) {
      Thread.sleep(20);
    }
  }

  private static long seconds(ObjectNode request) {
    request
        .propertyNames()
        .forEach(name -> {
          if (!name.equals("seconds")) {
            throw refused("the only field of a profile is seconds");
          }
        });
    if (!request.has("seconds")) {
      return USUAL_SECONDS;
    }
    OptionalLong value = StrictJson.integer(request.path("seconds"));
    if (value.isEmpty() || value.getAsLong() < 1 || value.getAsLong() > MOST_SECONDS) {
      throw refused("\"seconds\" is not a whole number from 1 to " + MOST_SECONDS);
    }
    return value.getAsLong();
  }

  private static Problem refused(String detail) {
    return new Problem(HttpStatus.BAD_REQUEST, detail);
  }
}
