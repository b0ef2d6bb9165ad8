package io.gonext.engine;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What admission found in a module that it admits.
 *
 * @param imports the function imports in the order of their indices, duplicates included
 * @param exports the exported functions by name, with their indices
 * @param memoryExports the names under which the memory is exported
 * @param memoryPages the memory's initial size, or 0 without one
 * @param bodyBytes the size of each function that is not imported, in order
 * @param functionNames the function names' part of the name section, which may be cut, or null
 * @param debug where its code is, and which lines that was
 * @param types its types, whose signatures its classes have
 * @param cost what compiling it takes
 * @param stripped the module without its custom sections, which the engine's parser need not see
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and private to the package
record ModuleOutline(
    List<FunctionImport> imports,
    Map<String, Export> exports,
    List<String> memoryExports,
    int memoryPages,
    int[] bodyBytes,
    byte @Nullable [] functionNames,
    DebugSections debug,
    List<FunctionType> types,
    CompileCost cost,
    byte[] stripped) {

  /** An exported function and its index in the module. */
  record Export(FunctionExport function, int index) {}
}
