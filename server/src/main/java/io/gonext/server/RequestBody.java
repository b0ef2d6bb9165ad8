package io.gonext.server;

import io.gonext.engine.PlainText;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the bodies of requests, up to a limit. */
final class RequestBody {
  /** Largest body of most requests, in bytes: the largest payload of the guest ABI. */
  static final int MAX_BYTES = 1024 * 1024;

  /** Most values of one batch. The largest body could hold many more, and block the handlers. */
  static final int MAX_VALUES = 10_000;

  /** Longest name of a field in a message. */
  private static final int MAX_SHOWN_CHARS = 64;

  private static final Set<String> OPTIONS =
      Set.of("args", "fail_closed", "deadline_ms", "explain");

  private RequestBody() {}

  /**
   * Reads the body. Refuses it as soon as it is too large. {@link Connections} makes the reading
   * fail when the client is too slow.
   */
  static byte[] bytes(Context ctx) throws IOException {
    return bytes(ctx, MAX_BYTES);
  }

  /** Reads a body with a limit of its own. */
  static byte[] bytes(Context ctx, int maxBytes) throws IOException {
    if (ctx.req().getContentLengthLong() > maxBytes) {
      throw tooLarge(maxBytes);
    }
    // Memory grows with the bytes that arrive, not with the announced length.
    byte[] body = read(ctx, in -> in.readNBytes(maxBytes + 1));
    if (body.length > maxBytes) {
      throw tooLarge(maxBytes);
    }
    return body;
  }

  /** Reads a JSON object. */
  static ObjectNode object(Context ctx) throws IOException {
    try {
      if (StrictJson.parse(bytes(ctx)) instanceof ObjectNode object) {
        return object;
      }
    } catch (InvalidJsonException e) {
      throw badRequest("the body is not JSON: " + e.getMessage());
    }
    throw badRequest("the body is not a JSON object");
  }

  /** Reads from the stream of a body. */
  interface Reader<T> {
    T read(InputStream in) throws IOException;
  }

  /**
   * Reads a body, or a part of it.
   *
   * @throws Problem when it does not arrive in time, or breaks the rules of HTTP
   */
  static <T> T read(Context ctx, Reader<T> reader) throws IOException {
    Connections.bodyBegins(ctx.req());
    try (InputStream in = ctx.req().getInputStream()) {
      return reader.read(in);
    } catch (IOException | HttpException.RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof TimeoutException) {
          throw new Problem(HttpStatus.REQUEST_TIMEOUT, "the body did not arrive in time");
        }
        if (cause instanceof HttpException) {
          throw badRequest("the body does not match its headers, or its chunks are broken");
        }
      }
      throw e;
    } finally {
      Connections.bodyEnds(ctx.req());
    }
  }

  private static Problem tooLarge(int maxBytes) {
    return new Problem(
        HttpStatus.CONTENT_TOO_LARGE, "the body is larger than " + maxBytes + " bytes");
  }

  /**
   * A hook call: {@code {"value": ..., "args": [...], "fail_closed": false, "deadline_ms": 100,
   * "explain": false}}. All fields but the value are optional. {@code "values": [...]} instead of
   * {@code "value"} makes a batch.
   *
   * @param values the values of a batch, or one value; empty for an action
   * @param explain whether the answer explains why plugins failed
   */
  record HookArguments(
      List<JsonNode> values,
      boolean batch,
      List<JsonNode> args,
      CallOptions options,
      boolean explain) {
    Object[] argArray() {
      return args.toArray();
    }
  }

  /** Reads a hook call. A filter needs a value. */
  static HookArguments hookArguments(Context ctx, boolean filter) throws IOException {
    ObjectNode body = object(ctx);
    Set<String> known = new TreeSet<>(OPTIONS);
    if (filter) {
      known.addAll(List.of("value", "values"));
    }
    for (Map.Entry<String, JsonNode> field : body.properties()) {
      if (!known.contains(field.getKey())) {
        throw badRequest(
            "the body has the field \""
                + PlainText.of(field.getKey(), MAX_SHOWN_CHARS)
                + "\", which is not one of "
                + String.join(", ", known));
      }
    }
    JsonNode value = body.path("value");
    JsonNode values = body.path("values");
    if (filter && value.isMissingNode() && values.isMissingNode()) {
      throw badRequest("the body needs \"value\" or \"values\"");
    }
    if (!value.isMissingNode() && !values.isMissingNode()) {
      throw badRequest("the body has both \"value\" and \"values\": send one of them");
    }
    if (!values.isMissingNode() && !values.isArray()) {
      throw badRequest("\"values\" is not an array");
    }
    if (values.size() > MAX_VALUES) {
      throw badRequest("\"values\" has more than " + MAX_VALUES + " items");
    }
    JsonNode args = body.path("args");
    if (!args.isMissingNode() && !args.isArray()) {
      throw badRequest("\"args\" is not an array");
    }
    List<JsonNode> all = value.isMissingNode() ? values.valueStream().toList() : List.of(value);
    return new HookArguments(
        all,
        !values.isMissingNode(),
        args.valueStream().toList(),
        options(body),
        flag(body, "explain"));
  }

  private static boolean flag(JsonNode body, String name) {
    JsonNode flag = body.path(name);
    if (!flag.isMissingNode() && !flag.isBoolean()) {
      throw badRequest("\"" + name + "\" is not a boolean");
    }
    return flag.asBoolean(false);
  }

  private static CallOptions options(JsonNode body) {
    CallOptions options = CallOptions.DEFAULT;
    if (flag(body, "fail_closed")) {
      options = options.withFailClosed();
    }
    JsonNode deadline = body.path("deadline_ms");
    if (!deadline.isMissingNode()) {
      long millis = StrictJson.integer(deadline).orElse(0);
      if (millis < 1 || millis > Integer.MAX_VALUE) {
        throw badRequest("\"deadline_ms\" is not a whole number from 1 to " + Integer.MAX_VALUE);
      }
      options = options.withLimit(Duration.ofMillis(millis));
    }
    return options;
  }

  private static Problem badRequest(String detail) {
    return new Problem(HttpStatus.BAD_REQUEST, detail);
  }
}
