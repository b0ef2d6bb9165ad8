package io.gonext.engine;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.Instance;
import run.endive.runtime.MStack;
import run.endive.wasm.types.Instruction;

/**
 * Counts fuel one instruction at a time, while Endive's interpreter runs: what {@link FuelBudget}
 * says, without blocks. A call that traps has used less than compiled code charges for it.
 */
final class ReferenceFuel {
  private final ModuleDefinition module;
  private final int capPages;
  private final int capElements;
  private @Nullable Instance instance;
  private long used;

  ReferenceFuel(ModuleDefinition module, int capPages, int capElements) {
    this.module = module;
    this.capPages = capPages;
    this.capElements = capElements;
  }

  void instance(Instance made) {
    instance = made;
  }

  private Instance instance() {
    return Objects.requireNonNull(instance);
  }

  /** Begins a call from outside. */
  void begin(int function) {
    used = 0;
    enter(function);
  }

  long used() {
    return used;
  }

  /** Before each instruction. */
  void execute(Instruction instruction, MStack stack) {
    if (instance == null) {
      return; // the start function, which no call uses
    }
    used++;
    switch (instruction.opcode()) {
      case NOP, DROP, BLOCK, LOOP, ELSE, END, RETURN, UNREACHABLE -> used--;
      case CALL, RETURN_CALL -> enter((int) instruction.operand(0));
      case CALL_INDIRECT, RETURN_CALL_INDIRECT -> {
        var table = instance().table((int) instruction.operand(1));
        long index = top(stack);
        if (index < table.size()) {
          enter(table.ref((int) index));
        }
      }
      case MEMORY_COPY, MEMORY_FILL, MEMORY_INIT, TABLE_COPY, TABLE_FILL, TABLE_INIT ->
          used += top(stack);
      case MEMORY_GROW -> {
        long most = Math.min(Objects.requireNonNull(module.memory()).maximumPages(), capPages);
        if (instance().memory().pages() + top(stack) <= most) {
          used += top(stack);
        }
      }
      case TABLE_GROW -> {
        int table = (int) instruction.operand(0);
        long most = Math.min(module.tables().get(table).maximum(), capElements);
        if (instance().table(table).size() + top(stack) <= most) {
          used += top(stack);
        }
      }
      default -> {
        // Its size is one.
      }
    }
  }

  private void enter(int function) {
    if (function >= module.importedFunctions()) {
      used++;
    }
  }

  private static long top(MStack stack) {
    return Integer.toUnsignedLong((int) stack.array()[stack.size() - 1]);
  }
}
