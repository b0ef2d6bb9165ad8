package io.gonext.engine.bytecode;

import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Copies a method, and may hold instructions back until the next instruction is known. By default
 * every instruction first emits the pending ones; a subclass overrides this.
 */
abstract class HeldInstructions extends MethodVisitor {
  HeldInstructions(MethodVisitor copy) {
    super(Opcodes.ASM9, copy);
  }

  /** Emits the pending instructions. */
  abstract void flush();

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String type, boolean isInterface) {
    flush();
    mv.visitMethodInsn(opcode, owner, name, type, isInterface);
  }

  @Override
  public void visitLabel(Label label) {
    flush();
    mv.visitLabel(label);
  }

  @Override
  public void visitLineNumber(int number, Label start) {
    flush();
    mv.visitLineNumber(number, start);
  }

  @Override
  public void visitFrame(
      int type, int localCount, Object[] locals, int stackCount, Object[] stack) {
    flush();
    mv.visitFrame(type, localCount, locals, stackCount, stack);
  }

  @Override
  public void visitInsn(int opcode) {
    flush();
    mv.visitInsn(opcode);
  }

  @Override
  public void visitIntInsn(int opcode, int operand) {
    flush();
    mv.visitIntInsn(opcode, operand);
  }

  @Override
  public void visitLdcInsn(Object value) {
    flush();
    mv.visitLdcInsn(value);
  }

  @Override
  public void visitVarInsn(int opcode, int local) {
    flush();
    mv.visitVarInsn(opcode, local);
  }

  @Override
  public void visitTypeInsn(int opcode, String type) {
    flush();
    mv.visitTypeInsn(opcode, type);
  }

  @Override
  public void visitFieldInsn(int opcode, String owner, String name, String type) {
    flush();
    mv.visitFieldInsn(opcode, owner, name, type);
  }

  @Override
  public void visitJumpInsn(int opcode, Label target) {
    flush();
    mv.visitJumpInsn(opcode, target);
  }

  @Override
  public void visitIincInsn(int local, int increment) {
    flush();
    mv.visitIincInsn(local, increment);
  }

  @Override
  public void visitTableSwitchInsn(int min, int max, Label otherwise, Label... targets) {
    flush();
    mv.visitTableSwitchInsn(min, max, otherwise, targets);
  }

  @Override
  public void visitLookupSwitchInsn(Label otherwise, int[] keys, Label[] targets) {
    flush();
    mv.visitLookupSwitchInsn(otherwise, keys, targets);
  }
}
