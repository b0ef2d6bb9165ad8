package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** Emits conversions between values and the {@code long} bits that the engine passes. */
final class Boxes {
  private static final ClassDesc FLOAT = ClassDesc.of("java.lang.Float");
  private static final ClassDesc DOUBLE = ClassDesc.of("java.lang.Double");

  private Boxes() {}

  /** Replaces a long by the value with these bits. A reference cannot be passed: it is null. */
  static void fromBits(CodeBuilder to, Kind kind) {
    switch (kind) {
      case INT -> to.l2i();
      case LONG -> {
        // as it is
      }
      case FLOAT ->
          to.l2i().invokestatic(FLOAT, "intBitsToFloat", MethodTypeDesc.of(CD_float, CD_int));
      case DOUBLE ->
          to.invokestatic(DOUBLE, "longBitsToDouble", MethodTypeDesc.of(CD_double, CD_long));
      case REFERENCE -> to.pop2().aconst_null();
    }
  }

  /** Replaces a value by its bits, sign-extended. */
  static void toBits(CodeBuilder to, Kind kind) {
    switch (kind) {
      case INT -> to.i2l();
      case LONG -> {
        // as it is
      }
      case FLOAT ->
          to.invokestatic(FLOAT, "floatToRawIntBits", MethodTypeDesc.of(CD_int, CD_float)).i2l();
      case DOUBLE ->
          to.invokestatic(DOUBLE, "doubleToRawLongBits", MethodTypeDesc.of(CD_long, CD_double));
      case REFERENCE -> to.pop().lconst_0();
    }
  }
}
