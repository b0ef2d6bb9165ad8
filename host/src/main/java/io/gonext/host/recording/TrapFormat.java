package io.gonext.host.recording;

import static io.gonext.host.recording.RecordingFormat.intOf;
import static io.gonext.host.recording.RecordingFormat.integer;
import static io.gonext.host.recording.RecordingFormat.list;
import static io.gonext.host.recording.RecordingFormat.longOf;
import static io.gonext.host.recording.RecordingFormat.number;
import static io.gonext.host.recording.RecordingFormat.refused;
import static io.gonext.host.recording.RecordingFormat.text;
import static io.gonext.host.recording.RecordingFormat.textOf;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.SourceLocation;
import io.gonext.engine.TrapState;
import io.gonext.engine.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The part of a recording's file that says where a trap was, and what the instance was like. */
final class TrapFormat {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** A frame of version 1 with its offset: {@code name @0x1f}. */
  private static final Pattern AT_OFFSET = Pattern.compile("(.*) @0x([0-9a-f]{1,7})");

  /** A frame of version 1 with its line: {@code name (src/lib.rs:12)}. */
  private static final Pattern AT_LINE = Pattern.compile("(.*) \\((.*):([0-9]{1,9})\\)");

  private TrapFormat() {}

  static ObjectNode frame(GuestFrame frame) {
    ObjectNode node = NODES.objectNode();
    node.put("function", frame.name());
    node.put("index", frame.functionIndex());
    node.put("offset", frame.codeOffset());
    SourceLocation source = frame.source();
    if (source != null) {
      node.put("file", source.file()).put("line", source.line()).put("column", source.column());
    }
    return node;
  }

  static GuestFrame readFrame(JsonNode node) {
    if (node.isString()) {
      return ofText(node.stringValue());
    }
    return new GuestFrame(
        number(node, "index"),
        text(node, "function"),
        number(node, "offset"),
        node.has("file")
            ? new SourceLocation(text(node, "file"), number(node, "line"), number(node, "column"))
            : null);
  }

  /** A frame of version 1. */
  private static GuestFrame ofText(String text) {
    Matcher offset = AT_OFFSET.matcher(text);
    if (offset.matches()) {
      return frame(offset.group(1), Integer.parseInt(offset.group(2), 16), null);
    }
    Matcher line = AT_LINE.matcher(text);
    if (line.matches()) {
      return frame(
          line.group(1),
          GuestFrame.UNKNOWN_OFFSET,
          new SourceLocation(line.group(2), Integer.parseInt(line.group(3)), 0));
    }
    return frame(text, GuestFrame.UNKNOWN_OFFSET, null);
  }

  private static GuestFrame frame(String name, int offset, @Nullable SourceLocation source) {
    return new GuestFrame(-1, name, offset, source);
  }

  static ObjectNode state(TrapState state) {
    ObjectNode node = NODES.objectNode();
    node.put("pages", state.pages()).put("maximum_pages", state.maximumPages());
    ArrayNode memory = node.putArray("memory");
    for (TrapState.Part part : state.parts()) {
      memory
          .addArray()
          .add(part.kind().name())
          .add(part.from())
          .add(part.to())
          .add(part.writtenBytes());
    }
    ArrayNode globals = node.putArray("globals");
    for (TrapState.Global global : state.globals()) {
      globals
          .addArray()
          .add(global.index())
          .add(global.name())
          .add(global.type().name())
          .add(global.isMutable())
          .add(global.bits());
    }
    return node;
  }

  static TrapState readState(JsonNode node) {
    List<TrapState.Part> parts = new ArrayList<>();
    for (JsonNode part : list(node, "memory")) {
      parts.add(
          new TrapState.Part(
              constant(TrapState.Kind.class, part.path(0)),
              longOf(part.path(1)),
              longOf(part.path(2)),
              longOf(part.path(3))));
    }
    List<TrapState.Global> globals = new ArrayList<>();
    for (JsonNode global : list(node, "globals")) {
      if (!global.path(3).isBoolean()) {
        throw refused("whether a global is mutable is neither true nor false");
      }
      globals.add(
          new TrapState.Global(
              intOf(longOf(global.path(0))),
              textOf(global.path(1), "the name of a global"),
              constant(ValueType.class, global.path(2)),
              global.path(3).booleanValue(),
              longOf(global.path(4))));
    }
    return new TrapState(
        intOf(integer(node, "pages")), intOf(integer(node, "maximum_pages")), parts, globals);
  }

  private static <E extends Enum<E>> E constant(Class<E> type, JsonNode node) {
    String name = textOf(node, "a part of a trap's state");
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.name().equals(name))
        .findFirst()
        .orElseThrow(() -> refused("a trap's state has a part that this version does not know"));
  }
}
