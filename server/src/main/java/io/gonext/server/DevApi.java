package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.json.StrictJson;
import io.gonext.host.lifecycle.DevelopResult;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The author's side door: takes what {@code gonext plugin dev} has built, below {@code
 * /_/plugins/dev}. There is one only where a server is told to, since whoever reaches it runs code
 * of theirs with all the capabilities it asks for.
 */
final class DevApi {
  static final String PREFIX = "/_/plugins/dev";

  private static final int MAX_MANIFEST_BYTES = 1024 * 1024;
  private static final int MAX_MODULE_BYTES = 16 * 1024 * 1024;

  private final Host host;
  private final Access access;
  private final Duration bodyLimit;

  DevApi(Host host, Access access, Duration bodyLimit) {
    this.host = host;
    this.access = access;
    this.bodyLimit = bodyLimit;
  }

  void addTo(RoutesConfig routes) {
    routes.post(PREFIX + "/install", this::install);
  }

  private void install(Context ctx) throws IOException, InterruptedException {
    access.requireCaller(ctx);
    Map<String, byte[]> parts =
        FormParts.read(
            ctx, bodyLimit, Map.of("manifest", MAX_MANIFEST_BYTES, "wasm", MAX_MODULE_BYTES));
    DevelopResult result =
        host.develop(FormParts.required(parts, "manifest"), FormParts.required(parts, "wasm"));
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.putObject("plugin").put("name", result.plugin()).put("version", result.version());
    body.put("action", result.action().name().toLowerCase(Locale.ROOT));
    body.put("sha256", result.moduleSha256());
    result.capabilities().forEach(body.putArray("capabilities")::add);
    result.warnings().forEach(body.putArray("warnings")::add);
    body.put("swap_ms", result.swap().toNanos() / 1e6);
    ctx.contentType("application/json").result(StrictJson.write(body));
  }
}
