package io.gonext.conformance;

import static io.gonext.engine.ValueType.F64;
import static io.gonext.engine.ValueType.I32;
import static io.gonext.engine.ValueType.I64;

import io.gonext.engine.FunctionType;
import io.gonext.engine.GuestMemory;
import io.gonext.engine.GuestPanicException;
import io.gonext.engine.HostCall;
import io.gonext.engine.HostFunction;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The functions of the ABI as a list of expected calls with their answers, so that a guest can be
 * given every status there is. Belongs to the thread that runs the guest.
 */
final class ScriptedHost {
  private static final long TIME_MS = 1_700_000_000_123L;

  /** Names of arguments in a vector's call. */
  private static final String KEY = "key";

  private static final String JSON = "json";

  private final Deque<JsonNode> expected = new ArrayDeque<>();
  private @Nullable String difference;

  /** What {@code gn_last_error} answers: the reason of the last call that failed, or nothing. */
  private String reason = "";

  void expect(List<JsonNode> calls) {
    expected.clear();
    expected.addAll(calls);
    difference = null;
  }

  /** Null when the calls since {@link #expect} were the expected ones. */
  @Nullable String difference() {
    return difference != null || expected.isEmpty() ? difference : "it did not call " + expected;
  }

  List<HostFunction> functions() {
    FunctionType block = new FunctionType(List.of(I32, I32), List.of(I64));
    FunctionType twoBlocks = new FunctionType(List.of(I32, I32, I32, I32), List.of(I64));
    FunctionType blockToStatus = new FunctionType(List.of(I32, I32), List.of(I32));
    FunctionType twoBlocksToStatus = new FunctionType(List.of(I32, I32, I32, I32), List.of(I32));
    return List.of(
        HostFunction.of(
            "env",
            "gn_log",
            new FunctionType(List.of(I32, I32, I32), List.of()),
            (call, args) -> {
              ObjectNode line = call("gn_log").put("level", (int) args[0]);
              return answer(call, line.put("text", text(call, args, 1)), false);
            }),
        HostFunction.of(
            "env",
            "gn_panic",
            new FunctionType(List.of(I32, I32), List.of()),
            (call, args) -> {
              throw new GuestPanicException(text(call, args, 0));
            }),
        HostFunction.of(
            "env",
            "abort",
            new FunctionType(List.of(I32, I32, I32, I32), List.of()),
            (call, args) -> {
              throw new GuestPanicException(utf16(call.memory(), args[0]));
            }),
        HostFunction.of(
            "env",
            "gn_time_ms",
            new FunctionType(List.of(), List.of(I64)),
            (call, args) -> {
              answer(call, call("gn_time_ms"), false);
              return TIME_MS;
            }),
        HostFunction.of(
            "env",
            "gn_last_error",
            new FunctionType(List.of(), List.of(I64)),
            (call, args) -> reason.isEmpty() ? 0 : body(call, reason)),
        function("env", "gn_audit_emit", blockToStatus, JSON),
        function("env", "gn_config_get", block, KEY),
        function("env", "gn_secrets_get", block, KEY),
        function("env", "gn_app_call", twoBlocks, KEY, JSON),
        function("env", "gn_event_emit", twoBlocksToStatus, KEY, JSON),
        function("env", "gn_span_event", twoBlocksToStatus, KEY, JSON),
        function("env", "gn_i18n_translate", twoBlocks, KEY, "locale"),
        function("env", "gn_job_enqueue", block, JSON),
        function("env", "gn_cron_register", blockToStatus, JSON),
        HostFunction.of(
            "env",
            "gn_metric_observe",
            new FunctionType(List.of(I32, I32, F64, I32, I32), List.of(I32)),
            (call, args) -> {
              ObjectNode observed = call("gn_metric_observe").put(KEY, text(call, args, 0));
              observed.put("value", Double.longBitsToDouble(args[2]));
              return answer(call, withJson(observed, call, args, 3), false);
            }),
        function("env_net", "gn_http_fetch", block, JSON),
        function("gonext_data", "gn_kv_get", block, KEY),
        function("gonext_data", "gn_kv_del", block, KEY),
        function("gonext_data", "gn_kv_set", twoBlocks, KEY, "value"),
        function("gonext_data", "gn_kv_set_if_absent", twoBlocks, KEY, "value"),
        HostFunction.of(
            "gonext_data",
            "gn_kv_incr",
            new FunctionType(List.of(I32, I32, I64), List.of(I64)),
            (call, args) -> {
              ObjectNode incremented = call("gn_kv_incr").put(KEY, text(call, args, 0));
              return answer(call, incremented.put("delta", args[2]), true);
            }),
        function("gonext_data", "gn_db_read", twoBlocks, "sql", JSON),
        function("gonext_data", "gn_db_write", twoBlocks, "sql", JSON),
        function("gonext_data", "gn_db_batch", block, JSON),
        function("gonext_data", "gn_cache_invalidate", block, JSON));
  }

  /**
   * A function whose arguments are blocks.
   *
   * @param blocks the names of these blocks in a vector's call; one is a text, or JSON
   */
  private HostFunction function(String module, String name, FunctionType type, String... blocks) {
    return HostFunction.of(
        module,
        name,
        type,
        (call, args) -> {
          ObjectNode actual = call(name);
          for (int i = 0; i < blocks.length; i++) {
            if (blocks[i].equals(JSON)) {
              withJson(actual, call, args, 2 * i);
            } else {
              actual.put(blocks[i], text(call, args, 2 * i));
            }
          }
          return answer(call, actual, type.results().contains(I64));
        });
  }

  /** Compares a call with the next expected one, and answers as that says. */
  private long answer(HostCall call, ObjectNode actual, boolean packed) {
    JsonNode next = expected.poll();
    if (next == null) {
      note("it called " + actual);
      return 0;
    }
    ObjectNode wanted = ((ObjectNode) next).deepCopy();
    wanted.remove(List.of("answer", "status", "reason", "reason_text"));
    if (actual.has("text") && !wanted.has("text")) {
      actual.remove("text");
    }
    if (!comparable(wanted).equals(comparable(actual))) {
      note("expected the call " + wanted + " but got " + actual);
    }
    if (next.has("answer")) {
      return body(call, next.get("answer").stringValue());
    }
    int status = next.has("status") ? next.get("status").intValue() : 0;
    if (status < 0) {
      reason = reasonOf(next);
    }
    return packed ? Integer.toUnsignedLong(status) : status;
  }

  private static String reasonOf(JsonNode failed) {
    if (failed.has("reason")) {
      return new String(StrictJson.write(failed.get("reason")), StandardCharsets.UTF_8);
    }
    return failed.has("reason_text") ? failed.get("reason_text").stringValue() : "";
  }

  private static long body(HostCall call, String text) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    long block = call.callGuest(call.function("gn_alloc"), body.length);
    call.memory().write(block, body);
    return block << 32 | body.length;
  }

  /** As text: a number is an int here and a long there. */
  private static String comparable(ObjectNode call) {
    return new String(StrictJson.write(call), StandardCharsets.UTF_8);
  }

  private void note(String what) {
    if (difference == null) {
      difference = what;
    }
  }

  private static ObjectNode call(String name) {
    return JsonNodeFactory.instance.objectNode().put("name", name);
  }

  private static ObjectNode withJson(ObjectNode entry, HostCall call, long[] args, int at) {
    try {
      entry.set("json", StrictJson.parse(call.memory().read(args[at], args[at + 1])));
    } catch (InvalidJsonException e) {
      entry.put("json", e.getMessage());
    }
    return entry;
  }

  private static String text(HostCall call, long[] args, int at) {
    return call.memory().readUtf8(args[at], args[at + 1]);
  }

  /** AssemblyScript's: the length in bytes lies before the text. */
  private static String utf16(GuestMemory memory, long pointer) {
    byte[] bytes = memory.read(pointer, Integer.toUnsignedLong(memory.readInt(pointer - 4)));
    return new String(bytes, StandardCharsets.UTF_16LE);
  }
}
