package io.gonext.engine;

import run.endive.runtime.MStack;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.Instruction;

/**
 * Limits the operands of interpreted functions, which are on the heap. Compiled functions keep
 * operands on the thread's stack, which is bounded. The interpreter's array of operands doubles
 * without a limit: a recursion with many operands per level took gigabytes before its deadline.
 */
final class OperandLimit {
  /**
   * 1 MiB for each instance. Functions of real toolchains have a few tens of operands per level.
   */
  static final int MOST_OPERANDS = 1 << 17;

  private OperandLimit() {}

  /** Called before each interpreted instruction. */
  static void check(Instruction instruction, MStack operands) {
    if (operands.size() > MOST_OPERANDS) {
      throw new WasmEngineException("call stack exhausted: " + operands.size() + " operands");
    }
  }
}
