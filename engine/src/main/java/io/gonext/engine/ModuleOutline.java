package io.gonext.engine;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What admission found in an admitted module.
 *
 * @param imports the function imports in the order of their indices, duplicates included
 * @param exports the exported functions by name, with their indices
 * @param memoryExports the names under which the memory is exported
 * @param memoryPages the memory's initial size, or 0 without one
 * @param functionNames the name section's part with function names, possibly cut, or null
 * @param globalNames its part with the names of globals, possibly cut; empty if there is none
 * @param producers the tools that made the module, as it says itself
 * @param debug where the code is, and its source lines
 * @param cost the cost of compiling the module
 * @param definition what the module defines
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and private to the package
record ModuleOutline(
    List<FunctionImport> imports,
    Map<String, Export> exports,
    List<String> memoryExports,
    int memoryPages,
    byte @Nullable [] functionNames,
    byte[] globalNames,
    Producers producers,
    DebugSections debug,
    CompileCost cost,
    ModuleDefinition definition) {

  /** An exported function and its index in the module. */
  record Export(FunctionExport function, int index) {}
}
