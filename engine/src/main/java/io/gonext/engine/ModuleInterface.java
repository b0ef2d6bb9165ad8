package io.gonext.engine;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A module's imports and exports, as admission finds them before the module is compiled.
 *
 * @param imports the functions that it imports, including WASI's, in the module's order
 * @param exports the functions that it exports, by name, in the module's order
 * @param memoryExports the names under which it exports its linear memory
 * @param memoryPages the memory's initial size in pages of 64 KiB; 0 without a memory
 * @param constructingExports the exports that run the module's constructors on each call, because
 *     the linker wrapped them for a command
 */
public record ModuleInterface(
    List<FunctionImport> imports,
    Map<String, FunctionExport> exports,
    List<String> memoryExports,
    int memoryPages,
    Set<String> constructingExports) {
  /** Copies the collections. */
  public ModuleInterface {
    imports = List.copyOf(imports);
    exports = Collections.unmodifiableMap(new LinkedHashMap<>(exports));
    memoryExports = List.copyOf(memoryExports);
    constructingExports = Collections.unmodifiableSet(new LinkedHashSet<>(constructingExports));
  }

  /** Whether the module exports its linear memory under this name. */
  public boolean exportsMemory(String name) {
    return memoryExports.contains(name);
  }

  static ModuleInterface of(ModuleOutline outline) {
    Map<String, FunctionExport> functions = new LinkedHashMap<>();
    outline.exports().forEach((name, export) -> functions.put(name, export.function()));
    return new ModuleInterface(
        outline.imports(),
        functions,
        outline.memoryExports(),
        outline.memoryPages(),
        CommandExports.of(outline));
  }
}
