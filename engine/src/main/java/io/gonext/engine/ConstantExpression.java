package io.gonext.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A constant expression: the first value of a global, an offset, or an element. Checked at
 * admission.
 *
 * @param instructions in order, without the end
 */
record ConstantExpression(List<Instruction> instructions) {
  static final int GLOBAL_GET = 0x23;
  static final int I32_CONST = 0x41;
  static final int I64_CONST = 0x42;
  static final int F32_CONST = 0x43;
  static final int F64_CONST = 0x44;
  static final int I32_ADD = 0x6A;
  static final int I32_SUB = 0x6B;
  static final int I32_MUL = 0x6C;
  static final int I64_ADD = 0x7C;
  static final int I64_SUB = 0x7D;
  static final int I64_MUL = 0x7E;
  static final int REF_NULL = 0xD0;
  static final int REF_FUNC = 0xD2;

  /** An instruction with its immediate: a number's bits, or an index. */
  record Instruction(int opcode, long immediate) {}

  /** The bits of the number that the expression computes; an i32 or f32 is sign-extended. */
  long number(GuestCode code) {
    var operands = new long[instructions.size()];
    int top = -1;
    for (Instruction instruction : instructions) {
      switch (instruction.opcode()) {
        case GLOBAL_GET -> operands[++top] = code.globalBits((int) instruction.immediate());
        case I32_CONST, I64_CONST, F32_CONST, F64_CONST ->
            operands[++top] = instruction.immediate();
        default -> {
          top--;
          operands[top] = compute(instruction.opcode(), operands[top], operands[top + 1]);
        }
      }
    }
    return operands[top];
  }

  private static long compute(int opcode, long left, long right) {
    return switch (opcode) {
      case I32_ADD -> (int) (left + right);
      case I32_SUB -> (int) (left - right);
      case I32_MUL -> (int) (left * right);
      case I64_ADD -> left + right;
      case I64_SUB -> left - right;
      case I64_MUL -> left * right;
      default -> throw new IllegalStateException("not a constant instruction: " + opcode);
    };
  }

  /** The reference that the expression names. */
  @Nullable Object reference(GuestCode code) {
    Instruction only = instructions.getFirst();
    return switch (only.opcode()) {
      case GLOBAL_GET -> code.anyGlobalReference((int) only.immediate());
      case REF_FUNC -> code.reference((int) only.immediate());
      default -> null;
    };
  }
}
