package io.gonext.conformance;

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

  private final Deque<JsonNode> expected = new ArrayDeque<>();
  private @Nullable String difference;

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
    FunctionType key = new FunctionType(List.of(I32, I32), List.of(I64));
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
            "gn_audit_emit",
            new FunctionType(List.of(I32, I32), List.of(I32)),
            (call, args) -> {
              ObjectNode entry = call("gn_audit_emit");
              return answer(call, withJson(entry, call, args, 0), false);
            }),
        HostFunction.of(
            "env",
            "gn_config_get",
            key,
            (call, args) -> answer(call, keyed("gn_config_get", call, args), true)),
        HostFunction.of(
            "env",
            "gn_secrets_get",
            key,
            (call, args) -> answer(call, keyed("gn_secrets_get", call, args), true)),
        HostFunction.of(
            "env",
            "gn_app_call",
            new FunctionType(List.of(I32, I32, I32, I32), List.of(I64)),
            (call, args) -> {
              ObjectNode named = keyed("gn_app_call", call, args);
              return answer(call, withJson(named, call, args, 2), true);
            }),
        HostFunction.of(
            "env_net",
            "gn_http_fetch",
            key,
            (call, args) -> answer(call, withJson(call("gn_http_fetch"), call, args, 0), true)),
        HostFunction.of(
            "gonext_data",
            "gn_kv_get",
            key,
            (call, args) -> answer(call, keyed("gn_kv_get", call, args), true)),
        HostFunction.of(
            "gonext_data",
            "gn_kv_del",
            key,
            (call, args) -> answer(call, keyed("gn_kv_del", call, args), true)),
        HostFunction.of(
            "gonext_data",
            "gn_kv_set",
            new FunctionType(List.of(I32, I32, I32, I32), List.of(I64)),
            (call, args) -> {
              ObjectNode set = keyed("gn_kv_set", call, args);
              return answer(call, set.put("value", text(call, args, 2)), true);
            }),
        HostFunction.of(
            "gonext_data",
            "gn_kv_incr",
            new FunctionType(List.of(I32, I32, I64), List.of(I64)),
            (call, args) ->
                answer(call, keyed("gn_kv_incr", call, args).put("delta", args[2]), true)));
  }

  /** Compares a call with the next expected one, and answers as that says. */
  private long answer(HostCall call, ObjectNode actual, boolean packed) {
    JsonNode next = expected.poll();
    if (next == null) {
      note("it called " + actual);
      return 0;
    }
    ObjectNode wanted = ((ObjectNode) next).deepCopy();
    wanted.remove(List.of("answer", "status"));
    if (actual.has("text") && !wanted.has("text")) {
      actual.remove("text");
    }
    if (!comparable(wanted).equals(comparable(actual))) {
      note("expected the call " + wanted + " but got " + actual);
    }
    if (next.has("answer")) {
      byte[] body = next.get("answer").stringValue().getBytes(StandardCharsets.UTF_8);
      long block = call.callGuest(call.function("gn_alloc"), body.length);
      call.memory().write(block, body);
      return block << 32 | body.length;
    }
    int status = next.has("status") ? next.get("status").intValue() : 0;
    return packed ? Integer.toUnsignedLong(status) : status;
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

  private static ObjectNode keyed(String name, HostCall call, long[] args) {
    return call(name).put("key", text(call, args, 0));
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
