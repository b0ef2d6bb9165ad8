package io.gonext.engine;

import java.time.Duration;

/**
 * What a module may be at most. Each limit bounds time or memory that a stranger's bytes could
 * otherwise take from the host; the operator may raise them.
 *
 * @param moduleBytes the module's size in bytes
 * @param types the number of function types
 * @param functions the number of functions, imported ones included
 * @param imports the number of imports
 * @param exports the number of exports
 * @param globals the number of globals
 * @param tables the number of tables
 * @param tableElements the initial size of each table, in elements
 * @param segments the number of data segments and of element segments, each
 * @param segmentElements the number of elements in all element segments together
 * @param functionBytes the size of one function's body in bytes
 * @param functionLocals the number of one function's locals, parameters included
 * @param parameters the number of one function's parameters
 * @param nesting how deep blocks may nest
 * @param branchTargets the number of targets of one {@code br_table}
 * @param bulkOperations the number of bulk operations (memory and table copy, fill and init) that
 *     one function may contain outside of loops and calls that poll for the deadline
 * @param bulkBytes what those bulk operations of one function whose size is a constant may cover
 *     together; an element of a table counts as 8 bytes
 * @param memoryPages the initial size of the memory, in pages of 64 KiB
 * @param nameBytes the length of one import's or export's name in bytes
 * @param compileTimeout how long compiling may take
 */
public record EngineLimits(
    int moduleBytes,
    int types,
    int functions,
    int imports,
    int exports,
    int globals,
    int tables,
    int tableElements,
    int segments,
    int segmentElements,
    int functionBytes,
    int functionLocals,
    int parameters,
    int nesting,
    int branchTargets,
    int bulkOperations,
    int bulkBytes,
    int memoryPages,
    int nameBytes,
    Duration compileTimeout) {

  /** An array of bytes holds less than 2^31 of them: 32,767 pages. */
  public static final int MOST_PAGES = 32_767;

  /** Checks that every limit is positive and within what the engine can represent. */
  public EngineLimits {
    requireInRange("moduleBytes", moduleBytes, 8, 1 << 30);
    requireInRange("types", types, 0, 1_000_000);
    requireInRange("functions", functions, 0, 1_000_000);
    requireInRange("imports", imports, 0, 100_000);
    requireInRange("exports", exports, 0, 100_000);
    requireInRange("globals", globals, 0, 1_000_000);
    requireInRange("tables", tables, 0, 1_000);
    requireInRange("tableElements", tableElements, 0, 10_000_000);
    requireInRange("segments", segments, 0, 100_000);
    requireInRange("segmentElements", segmentElements, 0, 10_000_000);
    requireInRange("functionBytes", functionBytes, 2, 7_654_321);
    requireInRange("functionLocals", functionLocals, 0, 50_000);
    requireInRange("parameters", parameters, 0, 1_000);
    requireInRange("nesting", nesting, 1, 10_000);
    requireInRange("branchTargets", branchTargets, 1, 100_000);
    requireInRange("bulkOperations", bulkOperations, 0, 1_000_000);
    requireInRange("bulkBytes", bulkBytes, 0, Integer.MAX_VALUE);
    requireInRange("memoryPages", memoryPages, 0, MOST_PAGES);
    requireInRange("nameBytes", nameBytes, 1, 100_000);
    if (!compileTimeout.isPositive()) {
      throw new IllegalArgumentException("compileTimeout must be positive: " + compileTimeout);
    }
  }

  static void requireInRange(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must lie between " + least + " and " + most + ", not " + value);
    }
  }

  /**
   * Limits that the modules of the usual toolchains stay far below: 32 MiB, 10,000 types, 100,000
   * functions, 1,000 imports, 10,000 exports, 10,000 globals, 8 tables of 100,000 elements, 100,000
   * segments with 1,000,000 elements, functions of 1 MiB with 50,000 locals and 255 parameters,
   * 1,000 nested blocks, 10,000 branch targets, 10,000 bulk operations that cover 64 MiB, 1,024
   * pages (64 MiB) of initial memory, names of 1,024 bytes, 30 s to compile.
   *
   * <p>A function that does not fit a method of the JVM, and so is interpreted, may have {@value
   * ModuleCompiler#MOST_INTERPRETED_LOCALS} locals only.
   *
   * <p>The one that is not far is segments: Go's linker begins a new one after every few zero
   * bytes, 36,510 in a module of 3 MB, and stops splitting before 100,000.
   */
  public static EngineLimits defaults() {
    return new EngineLimits(
        32 << 20,
        10_000,
        100_000,
        1_000,
        10_000,
        10_000,
        8,
        100_000,
        100_000,
        1_000_000,
        1 << 20,
        50_000,
        255,
        1_000,
        10_000,
        10_000,
        64 << 20,
        1024,
        1024,
        Duration.ofSeconds(30));
  }

  /** A copy with this limit of the module's size in bytes. */
  public EngineLimits withModuleBytes(int value) {
    return new EngineLimits(
        value,
        types,
        functions,
        imports,
        exports,
        globals,
        tables,
        tableElements,
        segments,
        segmentElements,
        functionBytes,
        functionLocals,
        parameters,
        nesting,
        branchTargets,
        bulkOperations,
        bulkBytes,
        memoryPages,
        nameBytes,
        compileTimeout);
  }

  /** A copy with this limit of functions. */
  public EngineLimits withFunctions(int value) {
    return new EngineLimits(
        moduleBytes,
        types,
        value,
        imports,
        exports,
        globals,
        tables,
        tableElements,
        segments,
        segmentElements,
        functionBytes,
        functionLocals,
        parameters,
        nesting,
        branchTargets,
        bulkOperations,
        bulkBytes,
        memoryPages,
        nameBytes,
        compileTimeout);
  }

  /** A copy with this limit of one function's size in bytes. */
  public EngineLimits withFunctionBytes(int value) {
    return new EngineLimits(
        moduleBytes,
        types,
        functions,
        imports,
        exports,
        globals,
        tables,
        tableElements,
        segments,
        segmentElements,
        value,
        functionLocals,
        parameters,
        nesting,
        branchTargets,
        bulkOperations,
        bulkBytes,
        memoryPages,
        nameBytes,
        compileTimeout);
  }

  /** A copy with this limit of the initial memory, in pages of 64 KiB. */
  public EngineLimits withMemoryPages(int value) {
    return new EngineLimits(
        moduleBytes,
        types,
        functions,
        imports,
        exports,
        globals,
        tables,
        tableElements,
        segments,
        segmentElements,
        functionBytes,
        functionLocals,
        parameters,
        nesting,
        branchTargets,
        bulkOperations,
        bulkBytes,
        value,
        nameBytes,
        compileTimeout);
  }

  /** A copy with this limit of time to compile. */
  public EngineLimits withCompileTimeout(Duration value) {
    return new EngineLimits(
        moduleBytes,
        types,
        functions,
        imports,
        exports,
        globals,
        tables,
        tableElements,
        segments,
        segmentElements,
        functionBytes,
        functionLocals,
        parameters,
        nesting,
        branchTargets,
        bulkOperations,
        bulkBytes,
        memoryPages,
        nameBytes,
        value);
  }
}
