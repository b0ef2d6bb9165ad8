package io.gonext.engine;

import java.util.List;

/**
 * A constant expression: the first value of a global, an offset, or an element. Checked at
 * admission.
 *
 * @param instructions in order, without the end
 */
record ConstantExpression(List<Instruction> instructions) {
  /** An instruction with its immediate: a number's bits, or an index. */
  record Instruction(int opcode, long immediate) {}
}
