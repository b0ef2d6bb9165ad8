package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.DataSegment;
import io.gonext.engine.ModuleDefinition.Global;
import io.gonext.engine.ModuleDefinition.Mode;
import org.jspecify.annotations.Nullable;

/**
 * How a compiler divided a module's linear memory, in bytes from its beginning. Compilers do not
 * write that down. This is what LLVM's linker and AssemblyScript's compiler do: the stack ends
 * where the stack pointer begins, which is the first mutable global of a plausible value; the heap
 * begins after the stack and the data. Guests of Go have no such global: their stacks are in the
 * heap.
 *
 * @param size the memory's first size
 * @param dataBytes of the data segments that are copied at the start
 * @param dataEnd where the last of these ends
 * @param stackFrom the lowest byte that the stack may use
 * @param stackTo the end of the stack; 0 if there is none
 * @param heapFrom where the rest begins, which the guest's allocator divides
 */
public record MemoryLayout(
    long size, long dataBytes, long dataEnd, long stackFrom, long stackTo, long heapFrom) {
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

  static MemoryLayout of(ModuleDefinition module) {
    long size = module.memory() == null ? 0 : module.memory().minimumPages() * PAGE_BYTES;
    long stackTo = stackPointer(module, size);
    long dataBytes = 0;
    long dataEnd = 0;
    long below = 0;
    for (DataSegment segment : module.data()) {
      long from = segment.mode() == Mode.ACTIVE ? constant(segment.offset()) : -1;
      if (from >= 0) {
        long end = from + segment.content().length();
        dataBytes += segment.content().length();
        dataEnd = Math.max(dataEnd, end);
        if (end <= stackTo) {
          below = Math.max(below, end);
        }
      }
    }
    return new MemoryLayout(size, dataBytes, dataEnd, below, stackTo, Math.max(stackTo, dataEnd));
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

  /** Who uses a byte. */
  public Area areaOf(long pointer) {
    if (pointer >= stackFrom && pointer < stackTo) {
      return Area.STACK;
    }
    return pointer < heapFrom ? Area.DATA : Area.HEAP;
  }
}
