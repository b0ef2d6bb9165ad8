package io.gonext.engine;

import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds the exports that run the module's constructors on each call. {@code wasm-ld} wraps every
 * export this way when a module has constructors but neither calls nor exports {@code
 * __wasm_call_ctors}. The wrapper is {@code call $ctors}, the parameters, {@code call $real}, and
 * often {@code call $dtors}. This is right for a command, which is called once, and wrong for a
 * reactor.
 *
 * <p>It reports an export only if the wrapper has exactly this shape and two or more exports call
 * the same constructors. In addition, the constructors must have their usual name, or the module
 * must have neither names nor a start function. It does not find wrappers that an optimizer
 * inlined.
 */
final class CommandExports {
  private static final String CONSTRUCTORS = "__wasm_call_ctors";
  private static final Set<String> STARTS = Set.of("_initialize", "_start");

  private static final int TYPES = 1;
  private static final int FUNCTIONS = 3;
  private static final int CODE = 10;
  private static final int HEADER_BYTES = 8;

  private static final int END = 0x0B;
  private static final int CALL = 0x10;
  private static final int LOCAL_GET = 0x20;

  /** A body without locals and instructions. */
  private static final int EMPTY_BODY_BYTES = 2;

  private final ModuleOutline outline;
  private final int imported;

  /** Whether each type is {@code () -> ()}. */
  private final BitSet plainTypes = new BitSet();

  /** Whether each function that is not imported has such a type. */
  private final BitSet plainFunctions = new BitSet();

  /** Where the body of each function that is not imported begins. */
  private final int[] bodies;

  private CommandExports(ModuleOutline outline) {
    this.outline = outline;
    this.imported = outline.imports().size();
    this.bodies = new int[outline.bodyBytes().length];
  }

  /** The names of those exports, in the module's order. The module must be admitted. */
  static Set<String> of(ModuleOutline outline) {
    var found = new CommandExports(outline);
    found.readSections();
    return found.wrapped();
  }

  private void readSections() {
    var in = new BinaryReader(outline.stripped(), HEADER_BYTES, outline.stripped().length);
    while (!in.isAtEnd()) {
      int id = in.u8();
      BinaryReader section = in.slice(in.u32());
      switch (id) {
        case TYPES -> readTypes(section);
        case FUNCTIONS -> readFunctions(section);
        case CODE -> readBodies(section);
        default -> {}
      }
    }
  }

  private void readTypes(BinaryReader in) {
    long count = in.u32();
    for (int i = 0; i < count; i++) {
      in.skip(1);
      int parameters = (int) in.u32();
      in.skip(parameters);
      int results = (int) in.u32();
      in.skip(results);
      plainTypes.set(i, parameters == 0 && results == 0);
    }
  }

  private void readFunctions(BinaryReader in) {
    long count = in.u32();
    for (int i = 0; i < count; i++) {
      plainFunctions.set(i, plainTypes.get((int) in.u32()));
    }
  }

  private void readBodies(BinaryReader in) {
    in.u32();
    for (int i = 0; i < bodies.length; i++) {
      in.u32();
      bodies[i] = in.position();
      in.skip(outline.bodyBytes()[i]);
    }
  }

  private Set<String> wrapped() {
    Map<Integer, Set<String>> byConstructors = new HashMap<>();
    outline
        .exports()
        .forEach((name, export) -> {
          int constructors = constructors(export);
          if (constructors >= 0) {
            byConstructors.computeIfAbsent(constructors, _ -> new LinkedHashSet<>()).add(name);
          }
        });
    FunctionNames names = FunctionNames.of(outline);
    for (Map.Entry<Integer, Set<String>> entry : byConstructors.entrySet()) {
      String name = names.raw(entry.getKey());
      boolean sure =
          name.isEmpty()
              ? STARTS.stream().noneMatch(outline.exports()::containsKey)
              : name.equals(CONSTRUCTORS);
      if (sure && entry.getValue().size() > 1) {
        return entry.getValue();
      }
    }
    return Set.of();
  }

  /**
   * The constructors' function that this export calls first, or -1 if the export is not a wrapper.
   */
  private int constructors(ModuleOutline.Export export) {
    int body = export.index() - imported;
    if (body < 0) {
      return -1;
    }
    int from = bodies[body];
    var in = new BinaryReader(outline.stripped(), from, from + outline.bodyBytes()[body]);
    if (in.u8() != 0 || in.u8() != CALL) {
      return -1;
    }
    int constructors = (int) in.u32();
    int defined = constructors - imported;
    if (defined < 0
        || !plainFunctions.get(defined)
        || outline.bodyBytes()[defined] <= EMPTY_BODY_BYTES) {
      return -1;
    }
    for (int i = 0; i < export.function().type().parameters().size(); i++) {
      if (in.u8() != LOCAL_GET || in.u32() != i) {
        return -1;
      }
    }
    if (in.u8() != CALL) {
      return -1;
    }
    in.u32();
    int next = in.u8();
    if (next == CALL) {
      in.u32();
      next = in.u8();
    }
    return next == END && in.isAtEnd() ? constructors : -1;
  }
}
