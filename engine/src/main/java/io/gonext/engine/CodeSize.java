package io.gonext.engine;

import org.objectweb.asm.Label;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.commons.CodeSizeEvaluator;

/** The size that a method's code has at most, found out without writing it. */
final class CodeSize extends CodeSizeEvaluator {
  /** The largest code of a method that a JVM takes. */
  static final int MOST_BYTES = 65_535;

  /** How far a jump of the ordinary form reaches; its size is 3 bytes. */
  private static final int NEAR_BYTES = 32_767;

  /** What the long forms of all jumps would add. */
  private int farBytes;

  CodeSize() {
    super(Opcodes.ASM9, null);
  }

  @Override
  public void visitJumpInsn(int opcode, Label target) {
    super.visitJumpInsn(opcode, target);
    farBytes += opcode == Opcodes.GOTO ? 2 : 5;
  }

  /** The bytes of what was visited; jumps count as long ones only where there may be any. */
  int atMost() {
    int near = getMaxSize() - farBytes;
    return near <= NEAR_BYTES ? near : getMaxSize();
  }
}
