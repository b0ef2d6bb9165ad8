package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.DataSegment;
import io.gonext.engine.ModuleDefinition.Mode;
import io.gonext.engine.TrapState.Kind;
import io.gonext.engine.TrapState.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Reads the {@link TrapState} of one instance. What compilers say of the memory are the globals
 * that their linkers name {@code __stack_pointer}, {@code __data_end} and {@code __heap_base};
 * AssemblyScript puts a path before these names.
 */
final class TrapStates {
  private final GuestCode code;
  private final GlobalNames names;
  private final long sizeBytes;

  private TrapStates(GuestCode code, GlobalNames names) {
    this.code = code;
    this.names = names;
    this.sizeBytes = code.linear().sizeBytes();
  }

  static TrapState of(GuestCode code, GlobalNames names) {
    var states = new TrapStates(code, names);
    return new TrapState(
        code.linear().pages(), code.linear().maximumPages(), states.parts(), states.globals());
  }

  private List<TrapState.Global> globals() {
    List<ModuleDefinition.Global> defined = code.definition().globals();
    var globals = new ArrayList<TrapState.Global>();
    for (int i = 0; i < defined.size() && globals.size() < TrapState.MOST_GLOBALS; i++) {
      ModuleDefinition.Global global = defined.get(i);
      if (!global.type().isReference()) {
        globals.add(
            new TrapState.Global(
                i, names.of(i), global.type(), global.isMutable(), code.globalBits(i)));
      }
    }
    return globals;
  }

  private List<Part> parts() {
    long dataFrom = Long.MAX_VALUE;
    long dataTo = 0;
    for (DataSegment segment : code.definition().data()) {
      if (segment.mode() == Mode.ACTIVE
          && segment.offset() != null
          && segment.content().length() > 0) {
        long from = Integer.toUnsignedLong((int) segment.offset().number(code));
        dataFrom = Math.min(dataFrom, from);
        dataTo = Math.max(dataTo, from + segment.content().length());
      }
    }
    if (dataTo == 0) {
      dataFrom = 0;
    }
    OptionalLong stackTop = firstValue("__stack_pointer");
    OptionalLong heapBase = firstValue("__heap_base");
    long dataEnd = Math.max(dataTo, Math.min(firstValue("__data_end").orElse(0), sizeBytes));
    var parts = new ArrayList<Part>();
    long at = 0;
    if (stackTop.isPresent() && stackTop.getAsLong() <= dataFrom) {
      at = add(parts, Kind.STACK, at, stackTop.getAsLong());
    }
    if (dataTo > 0) {
      at = add(parts, Kind.OTHER, at, dataFrom);
      at = add(parts, Kind.DATA, at, dataEnd);
    }
    if (stackTop.isPresent() && stackTop.getAsLong() > at) {
      at = add(parts, Kind.STACK, at, stackTop.getAsLong());
    }
    if (heapBase.isPresent()) {
      at = add(parts, Kind.OTHER, at, heapBase.getAsLong());
    }
    boolean saysMore = heapBase.isPresent() || stackTop.isPresent();
    add(parts, saysMore ? Kind.HEAP : Kind.OTHER, at, sizeBytes);
    return parts;
  }

  /** Adds a part unless it is empty. Returns its end. */
  private long add(List<Part> parts, Kind kind, long from, long to) {
    long end = Math.min(to, sizeBytes);
    if (end <= from) {
      return from;
    }
    parts.add(new Part(kind, from, end, code.linear().writtenBytes(from, end)));
    return end;
  }

  /** What a global of this name began with. */
  private OptionalLong firstValue(String name) {
    List<ModuleDefinition.Global> globals = code.definition().globals();
    for (int i = 0; i < globals.size(); i++) {
      String actual = names.of(i);
      ConstantExpression value = globals.get(i).value();
      if (value != null
          && globals.get(i).type() == ValueType.I32
          && (actual.equals(name) || actual.endsWith("/" + name))) {
        return OptionalLong.of(Integer.toUnsignedLong((int) value.number(code)));
      }
    }
    return OptionalLong.empty();
  }
}
