package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_long;

import java.lang.classfile.CodeBuilder;

/** Emits accesses to globals that are objects of their own, since instances share them. */
final class SharedGlobals {
  private SharedGlobals() {}

  static void get(CodeBuilder to, int index, Kind kind, int instance) {
    object(to, index, instance);
    if (kind == Kind.REFERENCE) {
      to.getfield(Names.GLOBAL, "reference", CD_Object);
    } else {
      to.getfield(Names.GLOBAL, "bits", CD_long);
      Boxes.fromBits(to, kind);
    }
  }

  /** The new value is on the stack. */
  static void set(CodeBuilder to, int index, Kind kind, int instance) {
    if (kind == Kind.REFERENCE) {
      object(to, index, instance);
      to.swap().putfield(Names.GLOBAL, "reference", CD_Object);
    } else {
      Boxes.toBits(to, kind);
      object(to, index, instance);
      to.dup_x2().pop().putfield(Names.GLOBAL, "bits", CD_long);
    }
  }

  private static void object(CodeBuilder to, int index, int instance) {
    to.aload(instance)
        .getfield(Names.CODE, "sharedGlobals", Names.GLOBAL.arrayType())
        .loadConstant(index)
        .aaload();
  }
}
