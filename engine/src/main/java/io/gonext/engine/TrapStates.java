package io.gonext.engine;

import io.gonext.engine.TrapState.Kind;
import io.gonext.engine.TrapState.Part;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the {@link TrapState} of one instance; {@link MemoryLayout} says what its memory is for.
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
    MemoryLayout layout = MemoryLayout.of(code.definition(), names);
    var parts = new ArrayList<Part>();
    long at = 0;
    if (layout.stackTo() <= layout.dataFrom()) {
      at = add(parts, Kind.STACK, at, layout.stackTo());
    }
    if (layout.dataBytes() > 0) {
      at = add(parts, Kind.OTHER, at, layout.dataFrom());
      at = add(parts, Kind.DATA, at, layout.dataEnd());
    }
    at = add(parts, Kind.STACK, at, layout.stackTo());
    at = add(parts, Kind.OTHER, at, layout.heapFrom());
    add(parts, layout.isDivided() ? Kind.HEAP : Kind.OTHER, at, sizeBytes);
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
}
