package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.StoreTrouble;
import io.gonext.host.WarmUpProgress;
import io.gonext.host.json.StrictJson;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Health and readiness. Every caller may read them. */
final class HealthApi {
  private static final String JSON = "application/json";

  private static final String STORE_TROUBLE =
      "the store does not work: the host serves the plugins that are loaded, refuses changes, and"
          + " has no key-value entries";

  private static final String TRUST_TROUBLE =
      "the file of the trust policy cannot be read, and the policy of before stays in force";

  private final Host host;
  private final Connections connections;
  private final InternalErrors internalErrors;
  private final BooleanSupplier closing;

  HealthApi(
      Host host, Connections connections, InternalErrors internalErrors, BooleanSupplier closing) {
    this.host = host;
    this.connections = connections;
    this.internalErrors = internalErrors;
    this.closing = closing;
  }

  void addTo(RoutesConfig routes) {
    routes.get("/healthz", ctx -> ctx.contentType(JSON).result("{\"status\":\"up\"}"));
    routes.get("/readyz", this::readiness);
  }

  private void readiness(Context ctx) {
    if (closing.getAsBoolean()) {
      throw new Problem(HttpStatus.SERVICE_UNAVAILABLE, "the server is stopping");
    }
    Optional<String> broken = brokenDown();
    if (broken.isPresent()) {
      throw new Problem(HttpStatus.SERVICE_UNAVAILABLE, broken.get());
    }
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    WarmUpProgress warmUp = host.health().warmUp();
    if (warmUp.isWarming()) {
      putWarmUp(body.put("status", "warming"), warmUp);
      ctx.status(HttpStatus.SERVICE_UNAVAILABLE).header("Retry-After", "1");
      ctx.contentType(JSON).result(StrictJson.write(body));
      return;
    }
    Optional<StoreTrouble> store = host.health().storeTrouble();
    body.put("status", store.isPresent() ? "degraded" : "ready");
    // Still 200: the host serves what is loaded, and every node has the same trouble.
    store.ifPresent(trouble ->
        body.putObject("store")
            .put("since", trouble.since().toString())
            // Without the cause, which names addresses. The log has it.
            .put("problem", STORE_TROUBLE));
    // Without the cause, which names a file. The log has it.
    host.trust().trouble().ifPresent(cause -> body.put("trust", TRUST_TROUBLE));
    internalErrors.recent().ifPresent(errors -> body.put("internal_errors", errors));
    // Still ready: a broken plugin affects only itself, and another node does not mend it.
    Map<String, String> troubles = host.health().troubles();
    if (!troubles.isEmpty()) {
      ObjectNode degraded = body.putObject("degraded");
      troubles.forEach(degraded::put);
    }
    ctx.contentType(JSON).result(StrictJson.write(body));
  }

  /** How many of the plugins that the host started have been exercised. */
  static void putWarmUp(ObjectNode body, WarmUpProgress warmUp) {
    body.putObject("warm_up").put("plugins", warmUp.plugins()).put("done", warmUp.done());
  }

  /** A fault that only a restart can repair. */
  private Optional<String> brokenDown() {
    if (!connections.isWatched()) {
      return Optional.of("the thread that looks for slow clients has ended");
    }
    return internalErrors.areMost() ? internalErrors.recent() : host.health().brokenDown();
  }
}
