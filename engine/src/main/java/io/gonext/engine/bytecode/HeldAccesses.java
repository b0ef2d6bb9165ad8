package io.gonext.engine.bytecode;

import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Copies a method and reports each access to the memory or to a global as a whole. In Endive's code
 * an access is a constant (an offset, or the global's index), a load of the memory or of the
 * instance, sometimes a line number, and a call. This class holds the first three back until the
 * next instruction shows what they are. An access to any memory other than the first stays a call.
 */
abstract class HeldAccesses extends HeldInstructions {
  static final String READ = "memoryRead";
  static final String WRITE = "memoryWrite";
  static final String READ_GLOBAL = "readGlobal";
  private static final String WRITE_GLOBAL = "writeGlobal";
  private static final String GROW = "memoryGrow";

  private static final int NONE = -1;

  private final int memory;
  private final int instance;

  /** The pending constant, or null. */
  private @Nullable Integer constant;

  /** The local whose load is pending after the constant, or {@link #NONE}. */
  private int loaded = NONE;

  /** The pending line number after both. Its label is null if there is none. */
  private int line;

  private @Nullable Label lineStart;

  /**
   * A copier.
   *
   * @param memory the local with the memory; the next local has the instance
   */
  HeldAccesses(MethodVisitor copy, int memory) {
    super(copy);
    this.memory = memory;
    this.instance = memory + 1;
  }

  private static boolean isAccess(String name) {
    return name.startsWith(READ) || name.startsWith(WRITE);
  }

  private static boolean isGlobalAccess(String name) {
    return name.equals(READ_GLOBAL) || name.equals(WRITE_GLOBAL);
  }

  /** Whether a call of this method may replace the memory's array. */
  static boolean mayGrow(String name) {
    return name.startsWith(CompiledFunctions.METHOD_PREFIX)
        || name.startsWith(CallSites.CALL_INDIRECT_PREFIX)
        || name.equals(GROW);
  }

  /**
   * Emits an access. Its operands other than the offset are on the stack.
   *
   * @param name the method that Endive's code calls for it
   * @param type that method's descriptor
   */
  abstract void access(String name, String type, int offset);

  /** Whether to report accesses to the global with this index. Otherwise they stay calls. */
  abstract boolean takesGlobal(int index);

  /** Emits an access to a global. For a write, the value is on the stack as a long. */
  abstract void globalAccess(String name, int index);

  /** Emits a call that is not an access. */
  void call(int opcode, String owner, String name, String type, boolean isInterface) {
    mv.visitMethodInsn(opcode, owner, name, type, isInterface);
  }

  /** Emits an int. */
  final void constant(int number) {
    if (number >= -1 && number <= 5) {
      mv.visitInsn(Opcodes.ICONST_0 + number);
    } else if (number == (byte) number) {
      mv.visitIntInsn(Opcodes.BIPUSH, number);
    } else if (number == (short) number) {
      mv.visitIntInsn(Opcodes.SIPUSH, number);
    } else {
      mv.visitLdcInsn(number);
    }
  }

  private void hold(int number) {
    flush();
    constant = number;
  }

  @Override
  final void flush() {
    if (constant != null) {
      constant(constant);
      constant = null;
    }
    if (loaded != NONE) {
      mv.visitVarInsn(Opcodes.ALOAD, loaded);
      loaded = NONE;
    }
    flushLine();
  }

  private void flushLine() {
    if (lineStart != null) {
      mv.visitLabel(lineStart);
      if (line > 0) {
        mv.visitLineNumber(line, lineStart);
      }
      lineStart = null;
      line = 0;
    }
  }

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String type, boolean isInterface) {
    Integer held = constant;
    if (held != null && loaded == memory && isAccess(name)) {
      drop();
      access(name, type, held);
    } else if (held != null && loaded == instance && isGlobalAccess(name) && takesGlobal(held)) {
      drop();
      globalAccess(name, held);
    } else {
      flush();
      call(opcode, owner, name, type, isInterface);
    }
  }

  /** Drops the pending instructions, and emits only the line. */
  private void drop() {
    constant = null;
    loaded = NONE;
    flushLine();
  }

  @Override
  public void visitLabel(Label label) {
    if (loaded != NONE && lineStart == null) {
      lineStart = label;
    } else {
      flush();
      mv.visitLabel(label);
    }
  }

  @Override
  public void visitLineNumber(int number, Label start) {
    if (start.equals(lineStart)) {
      line = number;
    } else {
      mv.visitLineNumber(number, start);
    }
  }

  @Override
  public void visitInsn(int opcode) {
    if (opcode >= Opcodes.ICONST_M1 && opcode <= Opcodes.ICONST_5) {
      hold(opcode - Opcodes.ICONST_0);
    } else {
      flush();
      mv.visitInsn(opcode);
    }
  }

  @Override
  public void visitIntInsn(int opcode, int operand) {
    if (opcode == Opcodes.BIPUSH || opcode == Opcodes.SIPUSH) {
      hold(operand);
    } else {
      flush();
      mv.visitIntInsn(opcode, operand);
    }
  }

  @Override
  public void visitLdcInsn(Object value) {
    if (value instanceof Integer number) {
      hold(number);
    } else {
      flush();
      mv.visitLdcInsn(value);
    }
  }

  @Override
  public void visitVarInsn(int opcode, int local) {
    if (opcode == Opcodes.ALOAD
        && (local == memory || local == instance)
        && constant != null
        && loaded == NONE) {
      loaded = local;
    } else {
      flush();
      mv.visitVarInsn(opcode, local);
    }
  }
}
