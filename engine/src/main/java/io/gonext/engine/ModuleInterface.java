package io.gonext.engine;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a module asks for and what it offers: all that is known of it once it is admitted, before
 * anything is compiled.
 *
 * @param imports the functions it imports, WASI's included, in the module's order
 * @param exports the functions it exports by name, in the module's order
 * @param memoryExports the names under which it exports its linear memory
 * @param memoryPages the memory's size at the start, in pages of 64 KiB; 0 without one
 * @param constructingExports the exports that run the module's constructors each time they are
 *     called, as the linker makes them for a command
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

  /** Whether it exports its linear memory under this name. */
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
