package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.PluginConfig;
import io.gonext.host.SecretInfo;
import io.gonext.host.Secrets;
import io.gonext.host.json.StrictJson;
import io.gonext.server.AdminApi.Endpoint;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The part of the operator's API for a plugin's configuration and secrets. A configuration has a
 * version, which is its ETag: {@code If-Match} makes a change fail with 412 if someone else was
 * first. A secret is written and never read.
 */
final class SettingsApi {
  private static final Pattern ETAG = Pattern.compile("\"(\\d{1,18})\"");

  private final Host host;

  SettingsApi(Host host) {
    this.host = host;
  }

  List<Endpoint> endpoints(String plugin) {
    String secret = plugin + "/secrets/{secret}";
    return List.of(
        new Endpoint(HandlerType.GET, plugin + "/config", this::show),
        new Endpoint(HandlerType.PUT, plugin + "/config", this::replace),
        new Endpoint(HandlerType.PATCH, plugin + "/config", this::merge),
        new Endpoint(HandlerType.GET, plugin + "/secrets", this::list),
        new Endpoint(HandlerType.PUT, secret, this::set),
        new Endpoint(HandlerType.DELETE, secret, this::delete),
        new Endpoint(HandlerType.POST, "/api/v1/master-key/rotate", this::rotateMaster));
  }

  private void show(Context ctx) {
    answer(ctx, host.configs().get(ctx.pathParam("name")));
  }

  private void replace(Context ctx) throws IOException {
    ObjectNode values = RequestBody.object(ctx);
    answer(ctx, host.configs().replace(ctx.pathParam("name"), expected(ctx), values));
  }

  private void merge(Context ctx) throws IOException {
    ObjectNode patch = RequestBody.object(ctx);
    answer(ctx, host.configs().merge(ctx.pathParam("name"), expected(ctx), patch));
  }

  /** The version that {@code If-Match} names. */
  private OptionalLong expected(Context ctx) {
    String header = ctx.header("If-Match");
    if (header == null || header.equals("*")) {
      return OptionalLong.empty();
    }
    Matcher etag = ETAG.matcher(header);
    if (!etag.matches()) {
      throw new Problem(
          HttpStatus.BAD_REQUEST,
          "If-Match must be the ETag of the configuration, such as \"3\", or *");
    }
    long version = Long.parseLong(etag.group(1));
    long now = host.configs().get(ctx.pathParam("name")).version();
    if (version != now) {
      throw new Problem(
          HttpStatus.PRECONDITION_FAILED,
          "the configuration has version " + now + " by now: read it again");
    }
    return OptionalLong.of(version);
  }

  private static void answer(Context ctx, PluginConfig config) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("name", config.plugin()).put("version", config.version());
    body.set("values", config.values());
    body.set("effective", config.effective());
    config.hidden().forEach(body.putArray("hidden")::add);
    config.problems().forEach(body.putArray("problems")::add);
    config.warnings().forEach(body.putArray("warnings")::add);
    body.set("schema", config.schema());
    ctx.header("ETag", "\"" + config.version() + "\"");
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  private void list(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var secrets = body.putArray("secrets");
    for (SecretInfo secret : host.secrets().list(ctx.pathParam("name"))) {
      ObjectNode one =
          secrets
              .addObject()
              .put("name", secret.name())
              .put("required", secret.required())
              .put("inject_only", secret.injectOnly())
              .put("requested", secret.requested())
              .put("set", secret.setAt().isPresent());
      secret.hosts().forEach(one.putArray("hosts")::add);
      secret.setAt().ifPresent(at -> one.put("set_at", at.toString()));
    }
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  private void set(Context ctx) throws IOException {
    byte[] value = RequestBody.bytes(ctx, Secrets.MAX_BYTES);
    try {
      if (value.length == 0) {
        throw new Problem(HttpStatus.BAD_REQUEST, "the body is the value, and it is empty");
      }
      host.secrets().set(ctx.pathParam("name"), ctx.pathParam("secret"), value);
    } finally {
      Arrays.fill(value, (byte) 0);
    }
    ctx.status(HttpStatus.NO_CONTENT);
  }

  private void rotateMaster(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    host.secrets().rotateMaster().forEach(body.putArray("plugins")::add);
    ctx.contentType("application/json").result(StrictJson.write(body));
  }

  private void delete(Context ctx) {
    host.secrets().delete(ctx.pathParam("name"), ctx.pathParam("secret"));
    ctx.status(HttpStatus.NO_CONTENT);
  }
}
