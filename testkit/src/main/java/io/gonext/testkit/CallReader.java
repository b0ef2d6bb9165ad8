package io.gonext.testkit;

import io.gonext.engine.HostTrace;
import io.gonext.engine.HostTrace.Read;
import io.gonext.host.HostCalls;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads from the trace of a run which functions of the ABI the guest called with what. Functions
 * that only a guest's language needs are left out: WASI's, time, random numbers, and the reason of
 * the last failure.
 */
final class CallReader {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** What the arguments of a function are. */
  private enum Shape {
    /** A block of text: pointer and length. */
    TEXT,
    /** A block of JSON. */
    JSON,
    /** A block with a request of {@code gn_http_fetch}. */
    FETCH,
    /** A text of AssemblyScript: one pointer. */
    STRING,
    INT,
    LONG,
    DOUBLE
  }

  private static final Map<String, List<Shape>> SHAPES =
      Map.ofEntries(
          Map.entry("gn_log", List.of(Shape.INT, Shape.TEXT)),
          Map.entry("gn_panic", List.of(Shape.TEXT)),
          Map.entry("gn_config_get", List.of(Shape.TEXT)),
          Map.entry("gn_app_call", List.of(Shape.TEXT, Shape.JSON)),
          Map.entry("gn_job_enqueue", List.of(Shape.JSON)),
          Map.entry("gn_i18n_translate", List.of(Shape.TEXT, Shape.TEXT)),
          Map.entry("gn_metric_observe", List.of(Shape.TEXT, Shape.DOUBLE, Shape.JSON)),
          Map.entry("gn_event_emit", List.of(Shape.TEXT, Shape.JSON)),
          Map.entry("gn_span_event", List.of(Shape.TEXT, Shape.JSON)),
          Map.entry("gn_secrets_get", List.of(Shape.TEXT)),
          Map.entry("gn_audit_emit", List.of(Shape.JSON)),
          Map.entry("gn_cron_register", List.of(Shape.JSON)),
          Map.entry("console.debug", List.of(Shape.STRING)),
          Map.entry("console.log", List.of(Shape.STRING)),
          Map.entry("console.info", List.of(Shape.STRING)),
          Map.entry("console.warn", List.of(Shape.STRING)),
          Map.entry("console.error", List.of(Shape.STRING)),
          Map.entry("gn_http_fetch", List.of(Shape.FETCH)),
          Map.entry("gn_users_read", List.of(Shape.JSON)),
          Map.entry("gn_media_read", List.of(Shape.JSON)),
          Map.entry("gn_db_read", List.of(Shape.TEXT, Shape.JSON)),
          Map.entry("gn_db_write", List.of(Shape.TEXT, Shape.JSON)),
          Map.entry("gn_db_batch", List.of(Shape.JSON)),
          Map.entry("gn_kv_get", List.of(Shape.TEXT)),
          Map.entry("gn_kv_set", List.of(Shape.TEXT, Shape.TEXT)),
          Map.entry("gn_kv_set_if_absent", List.of(Shape.TEXT, Shape.TEXT)),
          Map.entry("gn_kv_del", List.of(Shape.TEXT)),
          Map.entry("gn_kv_incr", List.of(Shape.TEXT, Shape.LONG)),
          Map.entry("gn_cache_invalidate", List.of(Shape.JSON)));

  private CallReader() {}

  /** The calls in the order in which the guest made them. */
  static List<SeenCall> read(HostTrace trace) {
    return HostCalls.of(trace).stream().flatMap(call -> seen(call).stream()).toList();
  }

  private static Optional<SeenCall> seen(HostCalls.Call call) {
    String qualified = call.called().function();
    String name = qualified.substring(qualified.indexOf('.') + 1);
    List<Shape> shapes = SHAPES.get(name);
    if (shapes == null || qualified.startsWith("wasi_")) {
      return Optional.empty();
    }
    long[] given = call.called().arguments();
    List<Read> reads =
        call.rest().stream().filter(Read.class::isInstance).map(Read.class::cast).toList();
    List<JsonNode> arguments = new ArrayList<>();
    int at = 0;
    for (Shape shape : shapes) {
      switch (shape) {
        case INT -> arguments.add(NODES.numberNode((int) given[at++]));
        case LONG -> arguments.add(NODES.numberNode(given[at++]));
        case DOUBLE -> arguments.add(NODES.numberNode(Double.longBitsToDouble(given[at++])));
        case STRING -> {
          arguments.add(NODES.stringNode(string(reads, given[at])));
          at++;
        }
        case TEXT, JSON, FETCH -> {
          arguments.add(block(shape, bytes(reads, given[at], given[at + 1])));
          at += 2;
        }
      }
    }
    return Optional.of(new SeenCall(name, arguments));
  }

  /** What the function read there; empty if it did not. */
  private static byte[] bytes(List<Read> reads, long pointer, long length) {
    for (Read read : reads) {
      if (read.pointer() == pointer && read.bytes().length == length) {
        return read.bytes();
      }
    }
    return new byte[0];
  }

  /** The longest read there: the one of the text, and not of its length before it. */
  private static String string(List<Read> reads, long pointer) {
    byte[] text = new byte[0];
    for (Read read : reads) {
      if (read.pointer() == pointer && read.bytes().length >= text.length) {
        text = read.bytes();
      }
    }
    return new String(text, StandardCharsets.UTF_16LE);
  }

  private static JsonNode block(Shape shape, byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (shape == Shape.TEXT) {
      return NODES.stringNode(text);
    }
    try {
      JsonNode json = StrictJson.parse(bytes);
      return shape == Shape.FETCH ? fetch(json) : json;
    } catch (InvalidJsonException e) {
      return NODES.stringNode(text);
    }
  }

  /** A request whose body is text, and not Base64. */
  private static JsonNode fetch(JsonNode request) {
    if (request instanceof ObjectNode object && object.path("body").isString()) {
      try {
        object.put(
            "body",
            new String(
                Base64.getDecoder().decode(object.get("body").stringValue()),
                StandardCharsets.UTF_8));
      } catch (IllegalArgumentException e) {
        // Not what the host takes: shown as it is.
        return object;
      }
    }
    return request;
  }
}
