package io.gonext.engine.bytecode;

import java.util.Arrays;

/** The types of a valid function's operands, instruction by instruction. */
final class OperandTypes {
  private byte[] types = new byte[32];
  private int height;

  int height() {
    return height;
  }

  /** The type of an operand, counted from the bottom. */
  byte at(int index) {
    return types[index];
  }

  /** The types of the topmost operands, the deepest first. */
  byte[] top(int count) {
    return Arrays.copyOfRange(types, height - count, height);
  }

  byte peek() {
    return types[height - 1];
  }

  void push(byte type) {
    if (height == types.length) {
      types = Arrays.copyOf(types, height * 2);
    }
    types[height++] = type;
  }

  void push(byte[] all) {
    for (byte type : all) {
      push(type);
    }
  }

  void pop(int count) {
    height -= count;
  }

  void cut(int newHeight) {
    height = newHeight;
  }

  /** Applies an instruction that is not about control. */
  void apply(FunctionCode code, int index, ModuleShape module) {
    int op = code.op[index];
    int immediate = (int) code.immediate[index];
    if (Op.isPlain(op)) {
      pop(Op.operands(op).length);
      if (Op.result(op) != 0) {
        push(Op.result(op));
      }
      return;
    }
    switch (op) {
      case Op.CALL -> call(module.typeOf(immediate));
      case Op.CALL_INDIRECT -> {
        pop(1);
        call(module.types().get(immediate));
      }
      case Op.DROP -> pop(1);
      case Op.SELECT -> pop(2);
      case Op.LOCAL_GET -> push(code.locals[immediate]);
      case Op.LOCAL_SET -> pop(1);
      case Op.LOCAL_TEE -> {
        // the same operand stays
      }
      case Op.GLOBAL_GET -> push(module.globalTypes()[immediate]);
      case Op.GLOBAL_SET -> pop(1);
      case Op.TABLE_GET -> {
        pop(1);
        push(module.tableTypes()[immediate]);
      }
      case Op.TABLE_SET -> pop(2);
      case Op.REF_NULL, Op.REF_FUNC -> push(Op.FUNCREF);
      case Op.REF_IS_NULL -> {
        pop(1);
        push(Op.I32);
      }
      case Op.TABLE_GROW -> {
        pop(2);
        push(Op.I32);
      }
      case Op.TABLE_FILL -> pop(3);
      default -> throw new IllegalStateException("instruction " + Integer.toHexString(op));
    }
  }

  private void call(Signature type) {
    pop(type.parameters().length);
    push(type.results());
  }
}
