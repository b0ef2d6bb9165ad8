package io.gonext.server;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Reads request bodies, never more of one than is allowed. */
final class RequestBody {
  /** Largest body of any request, in bytes: the guest ABI's largest payload. */
  static final int MAX_BYTES = 1024 * 1024;

  private RequestBody() {}

  /** The body's bytes; refused as soon as it is known to be too large. */
  static byte[] bytes(Context ctx) throws IOException {
    return bytes(ctx, MAX_BYTES);
  }

  /** The body of a request that may have a larger one than most. */
  static byte[] bytes(Context ctx, int maxBytes) throws IOException {
    Problem tooLarge =
        new Problem(
            HttpStatus.CONTENT_TOO_LARGE, "the body is larger than " + maxBytes + " bytes");
    if (ctx.req().getContentLengthLong() > maxBytes) {
      throw tooLarge;
    }
    try (InputStream in = ctx.req().getInputStream()) {
      byte[] body = in.readNBytes(maxBytes + 1);
      if (body.length > maxBytes) {
        throw tooLarge;
      }
      return body;
    }
  }

  /** The arguments of a hook call: {@code {"value": ..., "args": [...]}}. */
  record HookArguments(JsonNode value, List<JsonNode> args) {
    Object[] argArray() {
      return args.toArray();
    }
  }

  /** Reads a hook call; {@code value} is required where the call is of a filter. */
  static HookArguments hookArguments(Context ctx, boolean filter) throws IOException {
    JsonNode body;
    try {
      body = StrictJson.parse(bytes(ctx));
    } catch (InvalidJsonException e) {
      throw badRequest("the body is not JSON: " + e.getMessage());
    }
    if (!body.isObject()) {
      throw badRequest("the body is not a JSON object");
    }
    Set<String> known = filter ? Set.of("value", "args") : Set.of("args");
    for (Map.Entry<String, JsonNode> field : body.properties()) {
      if (!known.contains(field.getKey())) {
        throw badRequest(
            "the body has a field that is not one of " + known.stream().sorted().toList());
      }
    }
    JsonNode value = body.path("value");
    if (filter && value.isMissingNode()) {
      throw badRequest("the body has no \"value\"");
    }
    JsonNode args = body.path("args");
    if (!args.isMissingNode() && !args.isArray()) {
      throw badRequest("\"args\" is not an array");
    }
    return new HookArguments(value, args.valueStream().toList());
  }

  private static Problem badRequest(String detail) {
    return new Problem(HttpStatus.BAD_REQUEST, detail);
  }
}
