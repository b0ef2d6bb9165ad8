package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.Range;
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

  private static final FunctionType PLAIN = FunctionType.of();

  private static final int END = 0x0B;
  private static final int CALL = 0x10;
  private static final int LOCAL_GET = 0x20;

  /** A body without locals and instructions. */
  private static final int EMPTY_BODY_BYTES = 2;

  private final ModuleOutline outline;
  private final ModuleDefinition module;

  private CommandExports(ModuleOutline outline) {
    this.outline = outline;
    this.module = outline.definition();
  }

  /** The names of those exports, in the module's order. The module must be admitted. */
  static Set<String> of(ModuleOutline outline) {
    return new CommandExports(outline).wrapped();
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
    int body = export.index() - module.importedFunctions();
    if (body < 0) {
      return -1;
    }
    Range code = module.bodies().get(body);
    var in = new BinaryReader(module.bytes(), code.from(), code.to());
    if (in.u8() != 0 || in.u8() != CALL) {
      return -1;
    }
    int constructors = (int) in.u32();
    int defined = constructors - module.importedFunctions();
    if (defined < 0
        || !module.typeOf(constructors).equals(PLAIN)
        || module.bodies().get(defined).length() <= EMPTY_BODY_BYTES) {
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
