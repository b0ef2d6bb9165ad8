package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.DataSegment;
import io.gonext.engine.ModuleDefinition.ElementSegment;
import io.gonext.engine.ModuleDefinition.Global;
import io.gonext.engine.ModuleDefinition.Mode;
import java.util.List;
import java.util.Objects;

/**
 * Gives an instance its first contents: globals, tables, memory. Then it runs the start function.
 *
 * <p>Source of the order: WebAssembly Core Specification 2.0, chapter 4.5.4 (instantiation). What
 * was copied before a trap stays; another instance may share the memory or the table.
 */
final class Instantiation {
  private Instantiation() {}

  /** Runs it, for an instance that has its parts. */
  static void run(GuestCode code) {
    ModuleDefinition module = code.definition();
    globals(module.globals(), code);
    elements(module.elements(), code);
    data(module.data(), code);
    if (module.start() >= 0) {
      code.call(module.start(), new long[0]);
    }
  }

  private static void globals(List<Global> globals, GuestCode code) {
    for (int i = 0; i < globals.size(); i++) {
      Global global = globals.get(i);
      ConstantExpression value = global.value();
      if (value == null) {
        continue;
      }
      GuestGlobal shared = code.sharedGlobals[i];
      if (global.type().isReference()) {
        Object reference = value.reference(code);
        if (shared == null) {
          code.setGlobalReference(i, reference);
        } else {
          shared.reference = reference;
        }
      } else if (shared == null) {
        code.setGlobal(i, value.number(code));
      } else {
        shared.bits = value.number(code);
      }
    }
  }

  private static void elements(List<ElementSegment> segments, GuestCode code) {
    for (int i = 0; i < segments.size(); i++) {
      ElementSegment segment = segments.get(i);
      if (segment.mode() == Mode.ACTIVE) {
        int offset = (int) Objects.requireNonNull(segment.offset()).number(code);
        GuestCode.tableInit(offset, 0, segment.elements().size(), i, segment.table(), code);
      }
      if (segment.mode() != Mode.PASSIVE) {
        GuestCode.elementDrop(i, code);
      }
    }
  }

  private static void data(List<DataSegment> segments, GuestCode code) {
    for (int i = 0; i < segments.size(); i++) {
      DataSegment segment = segments.get(i);
      if (segment.mode() == Mode.ACTIVE) {
        int offset = (int) Objects.requireNonNull(segment.offset()).number(code);
        GuestCode.memoryInit(offset, 0, segment.content().length(), i, code);
        GuestCode.dataDrop(i, code);
      }
    }
  }
}
