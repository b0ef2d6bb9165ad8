package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.DataSegment;
import io.gonext.engine.ModuleDefinition.Global;
import io.gonext.engine.ModuleDefinition.Mode;
import org.jspecify.annotations.Nullable;

/**
 * How a compiler divided a module's linear memory, in bytes from its beginning. Linkers say it by
 * the first values of globals that they name {@code __stack_pointer}, {@code __data_end} and {@code
 * __heap_base}; AssemblyScript puts a path before these names. Where names are missing, this is
 * what LLVM's linker and AssemblyScript's compiler do: the stack ends where the stack pointer
 * begins, which is the first mutable global of a plausible value; the heap begins after the stack
 * and the data. Guests of Go have no such global: their stacks are in the heap.
 *
 * @param size the memory's first size
 * @param dataBytes of the data segments that are copied at the start
 * @param dataFrom where the first of these begins; 0 if there is none
 * @param dataEnd where the last of these ends, and the variables after it
 * @param stackFrom the lowest byte that the stack may use
 * @param stackTo the end of the stack; 0 if there is none
 * @param heapFrom where the rest begins, which the guest's allocator divides
 */
public record MemoryLayout(
    long size,
    long dataBytes,
    long dataFrom,
    long dataEnd,
    long stackFrom,
    long stackTo,
    long heapFrom) {
  private static final long PAGE_BYTES = 1 << 16;

  /** LLVM's linker keeps the first bytes free, so that a null pointer is not one of an object. */
  private static final long LEAST_STACK = 1_024;

  /** Who uses a part of the memory. */
  public enum Area {
    /** What the compiler put there: constants and variables. */
    DATA,
    /** Variables of running functions that are not in the WebAssembly machine's own stack. */
    STACK,
    /** What the guest's allocator gives out. */
    HEAP
  }

  static MemoryLayout of(ModuleDefinition module, GlobalNames names) {
    long size = module.memory() == null ? 0 : module.memory().minimumPages() * PAGE_BYTES;
    long stackTo = named(module, names, "__stack_pointer");
    if (stackTo < 0) {
      stackTo = stackPointer(module, size);
    }
    long dataBytes = 0;
    long dataFrom = Long.MAX_VALUE;
    long dataEnd = 0;
    long below = 0;
    for (DataSegment segment : module.data()) {
      long from = segment.mode() == Mode.ACTIVE ? constant(segment.offset()) : -1;
      if (from >= 0 && segment.content().length() > 0) {
        long end = from + segment.content().length();
        dataBytes += segment.content().length();
        dataFrom = Math.min(dataFrom, from);
        dataEnd = Math.max(dataEnd, end);
        if (end <= stackTo) {
          below = Math.max(below, end);
        }
      }
    }
    dataEnd = Math.max(dataEnd, Math.min(named(module, names, "__data_end"), size));
    return new MemoryLayout(
        size,
        dataBytes,
        dataBytes == 0 ? 0 : dataFrom,
        dataEnd,
        below,
        stackTo,
        Math.max(named(module, names, "__heap_base"), Math.max(stackTo, dataEnd)));
  }

  /** The first value of a global of this name; -1 if there is none. */
  private static long named(ModuleDefinition module, GlobalNames names, String wanted) {
    for (int i = 0; i < module.globals().size(); i++) {
      Global global = module.globals().get(i);
      String name = names.of(i);
      if (global.type() == ValueType.I32
          && (name.equals(wanted) || name.endsWith("/" + wanted))
          && constant(global.value()) >= 0) {
        return constant(global.value());
      }
    }
    return -1;
  }

  private static long stackPointer(ModuleDefinition module, long size) {
    for (Global global : module.globals()) {
      long first =
          global.isMutable() && global.type() == ValueType.I32 ? constant(global.value()) : -1;
      if (first >= LEAST_STACK && first <= size && first % 4 == 0) {
        return first;
      }
    }
    return 0;
  }

  /** The unsigned value of an expression that is one constant, or -1. */
  private static long constant(@Nullable ConstantExpression value) {
    return value != null
            && value.instructions().size() == 1
            && value.instructions().getFirst().opcode() == ConstantExpression.I32_CONST
        ? value.instructions().getFirst().immediate() & 0xFFFF_FFFFL
        : -1;
  }

  /** Whether the module shows where a stack or a heap is. */
  boolean isDivided() {
    return stackTo > 0 || heapFrom > dataEnd;
  }

  /** Who uses a byte. */
  public Area areaOf(long pointer) {
    if (pointer >= stackFrom && pointer < stackTo) {
      return Area.STACK;
    }
    return pointer < heapFrom ? Area.DATA : Area.HEAP;
  }
}
