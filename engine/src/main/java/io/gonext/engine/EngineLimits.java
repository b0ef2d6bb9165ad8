package io.gonext.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * The limits of a module. Each one bounds the time or the memory that an untrusted module can take
 * from the host. An operator may raise them.
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
 * @param bulkBytes the bytes that a function's bulk operations of constant size may cover together;
 *     an element of a table counts as 8 bytes
 * @param memoryPages the initial size of the memory, in pages of 64 KiB
 * @param nameBytes the length of one import's or export's name in bytes
 * @param signatures the number of different signatures in all modules that one engine ever loaded:
 *     the JVM keeps code for each until it ends
 * @param compileMb the heap in MiB that all running compiles may take together, as estimated before
 *     each starts
 * @param classMb the estimated size of one module's classes in MiB
 * @param compileSteps the work of compiling one module that is not proportional to its size
 * @param compileTimeout the processor time that compiling one module may take
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
    int signatures,
    int compileMb,
    int classMb,
    int compileSteps,
    Duration compileTimeout) {

  /** A Java array has fewer than 2^31 bytes, so a memory has at most 32,767 pages. */
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
    requireInRange("nesting", nesting, 1, 100_000);
    requireInRange("branchTargets", branchTargets, 1, 100_000);
    requireInRange("bulkOperations", bulkOperations, 0, 1_000_000);
    requireInRange("bulkBytes", bulkBytes, 0, Integer.MAX_VALUE);
    requireInRange("memoryPages", memoryPages, 0, MOST_PAGES);
    requireInRange("nameBytes", nameBytes, 1, 100_000);
    requireInRange("signatures", signatures, 0, 1_000_000);
    requireInRange("compileMb", compileMb, 1, 1 << 20);
    requireInRange("classMb", classMb, 1, 1 << 10);
    requireInRange("compileSteps", compileSteps, 1, Integer.MAX_VALUE);
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
   * Limits that modules of common toolchains stay far below: 32 MiB, 2,000 types, 100,000
   * functions, 1,000 imports, 10,000 exports, 10,000 globals, 8 tables of 100,000 elements, 100,000
   * segments with 1,000,000 elements, functions of 1 MiB with 50,000 locals and 255 parameters,
   * 10,000 nested blocks, 10,000 branch targets, 10,000 bulk operations that cover 64 MiB, 1,024
   * pages (64 MiB) of initial memory, names of 1,024 bytes, 4,000 signatures in all modules, 64 MiB
   * of classes, 250 million steps and 60 s of processor time to compile. Compiling may take half of
   * the JVM's heap, at most 1 GiB.
   *
   * <p>Only the number of segments comes close: Go's linker starts a new segment after every few
   * zero bytes. A module of 3 MB has 36,510, and the linker stops splitting before 100,000.
   */
  public static EngineLimits defaults() {
    return new EngineLimits(
        32 << 20,
        2_000,
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
        10_000,
        10_000,
        10_000,
        64 << 20,
        1024,
        1024,
        4_000,
        compileMbOf(Runtime.getRuntime().maxMemory()),
        64,
        250_000_000,
        Duration.ofSeconds(60));
  }

  /** The default of {@link #compileMb} for a JVM with this heap size. */
  static int compileMbOf(long heapBytes) {
    return Math.clamp((heapBytes / 2) >> 20, 16, 1024);
  }

  /** The names of the limits that are numbers. */
  public static List<String> names() {
    return Arrays.stream(EngineLimits.class.getRecordComponents())
        .filter(component -> component.getType() == int.class)
        .map(RecordComponent::getName)
        .toList();
  }

  /**
   * A copy with another limit.
   *
   * @param name one of {@link #names}
   * @throws IllegalArgumentException when no limit has this name, or when the value is out of its
   *     range
   */
  public EngineLimits with(String name, int value) {
    if (!names().contains(name)) {
      throw new IllegalArgumentException(
          "there is no limit " + name + ", only " + String.join(", ", names()));
    }
    return with(name, (Object) value);
  }

  private EngineLimits with(String name, Object value) {
    RecordComponent[] components = EngineLimits.class.getRecordComponents();
    var types = new Class<?>[components.length];
    var values = new Object[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        types[i] = components[i].getType();
        values[i] =
            components[i].getName().equals(name) ? value : components[i].getAccessor().invoke(this);
      }
      return EngineLimits.class.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException outOfRange) {
        throw outOfRange;
      }
      throw new IllegalStateException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a record has its canonical constructor", e);
    }
  }

  /** The end of a message: how an operator raises this limit. Empty for an empty name. */
  static String raise(String name) {
    return switch (name) {
      case "" -> "";
      case "memoryPages" -> " (--memory-mb raises it)";
      case "compileTimeout" -> " (--compile-seconds raises it)";
      default -> " (--limit " + name + "=NUMBER raises it)";
    };
  }

  /** A copy with this limit of the module's size in bytes. */
  public EngineLimits withModuleBytes(int value) {
    return with("moduleBytes", value);
  }

  /** A copy with this limit of functions. */
  public EngineLimits withFunctions(int value) {
    return with("functions", value);
  }

  /** A copy with this limit of one function's size in bytes. */
  public EngineLimits withFunctionBytes(int value) {
    return with("functionBytes", value);
  }

  /** A copy with this limit of the initial memory, in pages of 64 KiB. */
  public EngineLimits withMemoryPages(int value) {
    return with("memoryPages", value);
  }

  /** A copy with this limit of processor time to compile. */
  public EngineLimits withCompileTimeout(Duration value) {
    return with("compileTimeout", (Object) value);
  }
}
