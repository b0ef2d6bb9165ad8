package io.gonext.engine.bytecode;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;

/** How the JVM holds a value. */
@SuppressWarnings("ImmutableEnumChecker") // class descriptors are immutable
enum Kind {
  INT(TypeKind.INT, ConstantDescs.CD_int, "i"),
  LONG(TypeKind.LONG, ConstantDescs.CD_long, "l"),
  FLOAT(TypeKind.FLOAT, ConstantDescs.CD_float, "f"),
  DOUBLE(TypeKind.DOUBLE, ConstantDescs.CD_double, "d"),
  REFERENCE(TypeKind.REFERENCE, ConstantDescs.CD_Object, "r");

  final TypeKind type;
  final ClassDesc descriptor;

  /** The prefix of the fields that pass values of this kind; see {@link Spill}. */
  final String letter;

  Kind(TypeKind type, ClassDesc descriptor, String letter) {
    this.type = type;
    this.descriptor = descriptor;
    this.letter = letter;
  }

  static Kind of(byte valueType) {
    return switch (valueType) {
      case Op.I32 -> INT;
      case Op.I64 -> LONG;
      case Op.F32 -> FLOAT;
      case Op.F64 -> DOUBLE;
      default -> REFERENCE;
    };
  }

  /** How many slots of a frame it takes. */
  int slots() {
    return type.slotSize();
  }

  static int slots(byte[] valueTypes) {
    int slots = 0;
    for (byte type : valueTypes) {
      slots += of(type).slots();
    }
    return slots;
  }
}
