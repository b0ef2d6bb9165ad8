package io.gonext.server;

import io.gonext.host.Host;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.json.StrictJson;
import io.javalin.http.Context;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The application's functions that plugins may call. */
final class FunctionApi {
  static final String PATH = "/api/v1/functions";

  private final Host host;

  FunctionApi(Host host) {
    this.host = host;
  }

  void list(Context ctx) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    var functions = body.putArray("functions");
    for (HostFunctionSpec function : host.functions()) {
      ObjectNode entry =
          functions
              .addObject()
              .put("name", function.name())
              .put("description", function.description())
              .put("capability", function.capability());
      function.requestSchema().ifPresent(schema -> entry.set("request_schema", schema));
      function.answerSchema().ifPresent(schema -> entry.set("answer_schema", schema));
    }
    ctx.contentType("application/json").result(StrictJson.write(body));
  }
}
