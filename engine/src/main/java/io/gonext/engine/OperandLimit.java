package io.gonext.engine;

import run.endive.runtime.MStack;
import run.endive.wasm.WasmEngineException;
import run.endive.wasm.types.Instruction;

/**
 * Keeps what interpreted functions push from filling the heap. Compiled functions keep their
 * operands on the thread's stack, which is bounded; the interpreter keeps them in an array that
 * doubles without end, so that a recursion with many operands a level took gigabytes before its
 * deadline.
 */
final class OperandLimit {
  /** 1 MiB an instance. Functions of real toolchains have some tens a level. */
  static final int MOST_OPERANDS = 1 << 17;

  private OperandLimit() {}

  /** Called before each interpreted instruction. */
  static void check(Instruction instruction, MStack operands) {
    if (operands.size() > MOST_OPERANDS) {
      throw new WasmEngineException("call stack exhausted: " + operands.size() + " operands");
    }
  }
}
