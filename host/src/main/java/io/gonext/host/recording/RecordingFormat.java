package io.gonext.host.recording;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.HostTrace;
import io.gonext.engine.HostTrace.Called;
import io.gonext.engine.HostTrace.CalledBack;
import io.gonext.engine.HostTrace.Cause;
import io.gonext.engine.HostTrace.Ended;
import io.gonext.engine.HostTrace.Event;
import io.gonext.engine.HostTrace.Read;
import io.gonext.engine.HostTrace.Returned;
import io.gonext.engine.HostTrace.Wrote;
import io.gonext.engine.InstanceState;
import io.gonext.host.RecordingException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.recording.RecordedResult.Answer;
import io.gonext.host.recording.RecordedResult.Done;
import io.gonext.host.recording.RecordedResult.Status;
import io.gonext.host.recording.RecordedResult.Trap;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The file of a {@link Recording}. Whatever it holds, reading it ends with a recording or with one
 * sentence.
 *
 * <p>Writes version 2. Version 1 had a text for each frame of a backtrace, and neither the state of
 * the instance at a trap nor what the recording was made with. A reader reads its own version and
 * those before it.
 */
final class RecordingFormat {
  private static final int VERSION = 2;
  private static final int OLDEST = 1;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private RecordingFormat() {}

  static byte[] write(Recording recording) {
    ObjectNode root = NODES.objectNode();
    root.put("gonext_recording", VERSION);
    root.put("plugin", recording.plugin());
    root.put("version", recording.version());
    root.put("module_sha256", recording.moduleSha256());
    root.put("host", recording.on().host());
    ObjectNode on = root.putObject("on");
    on.put("java", recording.on().java());
    on.put("system", recording.on().system());
    on.put("architecture", recording.on().architecture());
    recording.on().tools().forEach(on.putArray("tools")::add);
    root.put("at", recording.at().toString());
    root.put("reason", recording.reason());
    root.put("memory_pages", recording.memoryPages());
    root.set("start", trace(recording.start()));
    recording.state().ifPresent(state -> root.set("state", state(state)));
    ArrayNode calls = root.putArray("calls");
    recording.calls().forEach(call -> calls.add(call(call)));
    return StrictJson.write(root);
  }

  private static ObjectNode trace(HostTrace trace) {
    ObjectNode node = NODES.objectNode();
    node.put("complete", trace.isComplete());
    ArrayNode events = node.putArray("events");
    for (Event event : trace.events()) {
      events.add(event(event));
    }
    return node;
  }

  private static ObjectNode state(InstanceState state) {
    ObjectNode node = NODES.objectNode();
    node.put("pages", state.pages());
    ArrayNode blocks = node.putArray("blocks");
    for (InstanceState.Block block : state.blocks()) {
      blocks.addArray().add(block.pointer()).add(base64(block.bytes()));
    }
    state.globals().forEach(node.putArray("globals")::add);
    state.droppedData().forEach(node.putArray("dropped_data")::add);
    state.droppedElements().forEach(node.putArray("dropped_elements")::add);
    return node;
  }

  private static InstanceState readState(JsonNode node) {
    List<InstanceState.Block> blocks = new ArrayList<>();
    list(node, "blocks")
        .forEach(block ->
            blocks.add(
                new InstanceState.Block(
                    intOf(longOf(block.path(0))), bytes(textOf(block.path(1), "a block")))));
    return new InstanceState(
        number(node, "pages"),
        blocks,
        list(node, "globals").valueStream().map(RecordingFormat::longOf).toList(),
        integers(node, "dropped_data"),
        integers(node, "dropped_elements"));
  }

  private static List<Integer> integers(JsonNode node, String field) {
    return list(node, field).valueStream().map(value -> intOf(longOf(value))).toList();
  }

  private static ArrayNode event(Event event) {
    ArrayNode node = NODES.arrayNode();
    switch (event) {
      case Called(String function, long[] arguments) ->
          node.add("call").add(function).add(numbers(arguments));
      case CalledBack(String export, long[] arguments) ->
          node.add("back").add(export).add(numbers(arguments));
      case Read(long pointer, byte[] bytes) -> node.add("read").add(pointer).add(base64(bytes));
      case Wrote(long pointer, byte[] bytes) -> node.add("write").add(pointer).add(base64(bytes));
      case Returned(long result) -> node.add("return").add(result);
      case Ended(Cause cause, String text, int exitCode) ->
          node.add("end").add(cause.name()).add(text).add(exitCode);
    }
    return node;
  }

  private static ArrayNode numbers(long[] values) {
    ArrayNode node = NODES.arrayNode();
    Arrays.stream(values).forEach(node::add);
    return node;
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static ObjectNode call(RecordedCall call) {
    ObjectNode node = NODES.objectNode();
    node.put("kind", call.isJob() ? "job" : "hook");
    node.put("name", call.name());
    node.put("payload", base64(call.payload()));
    node.set("trace", trace(call.trace()));
    ObjectNode result = node.putObject("result");
    switch (call.result()) {
      case Done _ -> result.put("done", true);
      case Status(int status) -> result.put("status", status);
      case Answer(byte[] bytes) -> result.put("answer", base64(bytes));
      case Trap trap -> {
        result.put("trap", trap.code());
        result.put("text", trap.text());
        ArrayNode frames = result.putArray("backtrace");
        trap.backtrace().forEach(frame -> frames.add(TrapFormat.frame(frame)));
        trap.state().ifPresent(state -> result.set("state", TrapFormat.state(state)));
      }
    }
    call.fuel().ifPresent(units -> node.put("fuel", units));
    return node;
  }

  static Recording read(byte[] file) {
    if (file.length > Recording.MAX_FILE_BYTES) {
      throw refused("it has more than " + Recording.MAX_FILE_BYTES + " bytes");
    }
    JsonNode root;
    try {
      root = StrictJson.parse(file);
    } catch (InvalidJsonException e) {
      throw refused("it is not JSON: " + e.getMessage());
    }
    JsonNode version = root.path("gonext_recording");
    if (!version.isNumber()) {
      throw refused("it has no number \"gonext_recording\"");
    }
    long format = integer(root, "gonext_recording");
    if (format < OLDEST || format > VERSION) {
      throw refused(
          "its format is "
              + version
              + ", and this version of gonext reads "
              + OLDEST
              + " to "
              + VERSION);
    }
    List<RecordedCall> calls = new ArrayList<>();
    list(root, "calls").forEach(call -> calls.add(readCall(call)));
    if (calls.isEmpty()) {
      throw refused("it has no calls");
    }
    long pages = integer(root, "memory_pages");
    if (pages < 0 || pages > 65_536) {
      throw refused("\"memory_pages\" is not a number from 0 to 65536");
    }
    return new Recording(
        text(root, "plugin"),
        text(root, "version"),
        text(root, "module_sha256"),
        readOn(root),
        instant(text(root, "at")),
        text(root, "reason"),
        (int) pages,
        readTrace(root.path("start")),
        root.has("state") ? Optional.of(readState(root.path("state"))) : Optional.empty(),
        calls);
  }

  private static RecordedOn readOn(JsonNode root) {
    JsonNode on = root.path("on");
    if (on.isMissingNode()) {
      return new RecordedOn(text(root, "host"), "", "", "", List.of());
    }
    return new RecordedOn(
        text(root, "host"),
        text(on, "java"),
        text(on, "system"),
        text(on, "architecture"),
        list(on, "tools").valueStream().map(tool -> textOf(tool, "a tool")).toList());
  }

  private static RecordedCall readCall(JsonNode node) {
    String kind = text(node, "kind");
    if (!kind.equals("job") && !kind.equals("hook")) {
      throw refused("the kind of a call is neither \"job\" nor \"hook\"");
    }
    return new RecordedCall(
        kind.equals("job"),
        text(node, "name"),
        bytes(text(node, "payload")),
        readTrace(node.path("trace")),
        readResult(node.path("result")),
        node.has("fuel") ? OptionalLong.of(integer(node, "fuel")) : OptionalLong.empty());
  }

  private static RecordedResult readResult(JsonNode node) {
    if (node.has("trap")) {
      List<GuestFrame> frames = new ArrayList<>();
      list(node, "backtrace").forEach(frame -> frames.add(TrapFormat.readFrame(frame)));
      return new Trap(
          text(node, "trap"),
          text(node, "text"),
          frames,
          node.has("state")
              ? Optional.of(TrapFormat.readState(node.path("state")))
              : Optional.empty());
    }
    if (node.has("answer")) {
      return new Answer(bytes(text(node, "answer")));
    }
    return node.has("status") ? new Status(number(node, "status")) : new Done();
  }

  private static HostTrace readTrace(JsonNode node) {
    List<Event> events = new ArrayList<>();
    list(node, "events").forEach(event -> events.add(readEvent(event)));
    JsonNode complete = node.path("complete");
    if (!complete.isBoolean()) {
      throw refused("\"complete\" of a trace is neither true nor false");
    }
    return new HostTrace(events, complete.booleanValue());
  }

  private static Event readEvent(JsonNode node) {
    String kind = textOf(node.path(0), "the first element of an event");
    return switch (kind) {
      case "call" -> new Called(textOf(node.path(1), "a function"), numbers(node.path(2)));
      case "back" -> new CalledBack(textOf(node.path(1), "an export"), numbers(node.path(2)));
      case "read" -> new Read(longOf(node.path(1)), bytes(textOf(node.path(2), "a block")));
      case "write" -> new Wrote(longOf(node.path(1)), bytes(textOf(node.path(2), "a block")));
      case "return" -> new Returned(longOf(node.path(1)));
      case "end" ->
          new Ended(
              cause(textOf(node.path(1), "the end of a function")),
              textOf(node.path(2), "the end of a function"),
              intOf(longOf(node.path(3))));
      default -> throw refused("an event begins with none of call, back, read, write, return, end");
    };
  }

  private static Cause cause(String name) {
    return Arrays.stream(Cause.values())
        .filter(cause -> cause.name().equals(name))
        .findFirst()
        .orElseThrow(() -> refused("a function ended in a way that this version does not know"));
  }

  private static long[] numbers(JsonNode node) {
    if (!node.isArray()) {
      throw refused("the arguments of a call are not a list");
    }
    long[] values = new long[node.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = longOf(node.path(i));
    }
    return values;
  }

  static ArrayNode list(JsonNode node, String field) {
    if (!(node.path(field) instanceof ArrayNode list)) {
      throw refused("\"" + field + "\" is not a list");
    }
    return list;
  }

  static String text(JsonNode node, String field) {
    return textOf(node.path(field), "\"" + field + "\"");
  }

  static String textOf(JsonNode node, String what) {
    if (!node.isString()) {
      throw refused(what + " is not a text");
    }
    return node.stringValue();
  }

  static long integer(JsonNode node, String field) {
    return StrictJson.integer(node.path(field))
        .orElseThrow(() -> refused("\"" + field + "\" is not a whole number of 64 bits"));
  }

  static int number(JsonNode node, String field) {
    return intOf(integer(node, field));
  }

  static int intOf(long value) {
    if (value != (int) value) {
      throw refused("a number does not fit 32 bits");
    }
    return (int) value;
  }

  static long longOf(JsonNode node) {
    return StrictJson.integer(node)
        .orElseThrow(() -> refused("a number is not a whole number of 64 bits"));
  }

  private static byte[] bytes(String base64) {
    try {
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw refused("a block of bytes is not in base64");
    }
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw refused("\"at\" is not a moment such as 2026-01-31T12:00:00Z");
    }
  }

  static RecordingException refused(String why) {
    return new RecordingException("this is not a recording that can be read: " + why);
  }
}
