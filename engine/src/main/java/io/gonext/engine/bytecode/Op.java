package io.gonext.engine.bytecode;

/**
 * The numbers of the instructions that {@link FunctionCode} has, and the types of those that only
 * compute. An instruction with the prefix 0xFC has 0x100 added to its second number.
 *
 * <p>Source: WebAssembly Core Specification 2.0, chapter 5.4 (instructions).
 */
public final class Op {
  public static final int UNREACHABLE = 0x00;
  public static final int NOP = 0x01;
  public static final int BLOCK = 0x02;
  public static final int LOOP = 0x03;
  public static final int IF = 0x04;
  public static final int ELSE = 0x05;
  public static final int THROW = 0x08;
  public static final int THROW_REF = 0x0A;
  public static final int END = 0x0B;
  public static final int BR = 0x0C;
  public static final int BR_IF = 0x0D;
  public static final int BR_TABLE = 0x0E;
  public static final int RETURN = 0x0F;
  public static final int CALL = 0x10;
  public static final int CALL_INDIRECT = 0x11;
  public static final int RETURN_CALL = 0x12;
  public static final int RETURN_CALL_INDIRECT = 0x13;
  public static final int DROP = 0x1A;
  public static final int SELECT = 0x1B;
  public static final int SELECT_TYPED = 0x1C;
  public static final int TRY_TABLE = 0x1F;
  public static final int LOCAL_GET = 0x20;
  public static final int LOCAL_SET = 0x21;
  public static final int LOCAL_TEE = 0x22;
  public static final int GLOBAL_GET = 0x23;
  public static final int GLOBAL_SET = 0x24;
  public static final int TABLE_GET = 0x25;
  public static final int TABLE_SET = 0x26;

  /** Not of WebAssembly: {@link Restructure} goes on in the function as it was. */
  static final int RESUME = 0x27;

  public static final int I32_LOAD = 0x28;
  public static final int I64_LOAD = 0x29;
  public static final int F32_LOAD = 0x2A;
  public static final int F64_LOAD = 0x2B;
  public static final int I32_LOAD8_S = 0x2C;
  public static final int I32_LOAD8_U = 0x2D;
  public static final int I32_LOAD16_S = 0x2E;
  public static final int I32_LOAD16_U = 0x2F;
  public static final int I64_LOAD8_S = 0x30;
  public static final int I64_LOAD8_U = 0x31;
  public static final int I64_LOAD16_S = 0x32;
  public static final int I64_LOAD16_U = 0x33;
  public static final int I64_LOAD32_S = 0x34;
  public static final int I64_LOAD32_U = 0x35;
  public static final int I32_STORE = 0x36;
  public static final int I64_STORE = 0x37;
  public static final int F32_STORE = 0x38;
  public static final int F64_STORE = 0x39;
  public static final int I32_STORE8 = 0x3A;
  public static final int I32_STORE16 = 0x3B;
  public static final int I64_STORE8 = 0x3C;
  public static final int I64_STORE16 = 0x3D;
  public static final int I64_STORE32 = 0x3E;
  public static final int MEMORY_SIZE = 0x3F;
  public static final int MEMORY_GROW = 0x40;
  public static final int I32_CONST = 0x41;
  public static final int I64_CONST = 0x42;
  public static final int F32_CONST = 0x43;
  public static final int F64_CONST = 0x44;
  public static final int I32_EQZ = 0x45;
  public static final int I64_EQZ = 0x50;
  public static final int F64_GE = 0x66;
  public static final int I32_CLZ = 0x67;
  public static final int I64_ADD = 0x7C;
  public static final int I32_WRAP_I64 = 0xA7;
  public static final int I64_EXTEND_I32_S = 0xAC;
  public static final int I64_EXTEND_I32_U = 0xAD;
  public static final int I64_EXTEND32_S = 0xC4;
  public static final int REF_NULL = 0xD0;
  public static final int REF_IS_NULL = 0xD1;
  public static final int REF_FUNC = 0xD2;
  public static final int PREFIXED = 0x100;
  public static final int MEMORY_INIT = PREFIXED + 8;
  public static final int DATA_DROP = PREFIXED + 9;
  public static final int MEMORY_COPY = PREFIXED + 10;
  public static final int MEMORY_FILL = PREFIXED + 11;
  public static final int TABLE_INIT = PREFIXED + 12;
  public static final int ELEM_DROP = PREFIXED + 13;
  public static final int TABLE_COPY = PREFIXED + 14;
  public static final int TABLE_GROW = PREFIXED + 15;
  public static final int TABLE_SIZE = PREFIXED + 16;
  public static final int TABLE_FILL = PREFIXED + 17;

  /** One past the largest number. */
  public static final int COUNT = TABLE_FILL + 1;

  /** A value's type, by its byte in the binary format. */
  public static final byte I32 = 0x7F;

  public static final byte I64 = 0x7E;
  public static final byte F32 = 0x7D;
  public static final byte F64 = 0x7C;
  public static final byte FUNCREF = 0x70;
  public static final byte EXTERNREF = 0x6F;
  public static final byte EXNREF = 0x69;

  private static final byte[][] OPERANDS = new byte[COUNT][];
  private static final byte[] RESULTS = new byte[COUNT];

  static {
    define(I32_LOAD, "i", 'i');
    define(I64_LOAD, "i", 'l');
    define(F32_LOAD, "i", 'f');
    define(F64_LOAD, "i", 'd');
    define(I32_LOAD8_S, I32_LOAD16_U, "i", 'i');
    define(I64_LOAD8_S, I64_LOAD32_U, "i", 'l');
    define(I32_STORE, "ii", ' ');
    define(I64_STORE, "il", ' ');
    define(F32_STORE, "if", ' ');
    define(F64_STORE, "id", ' ');
    define(I32_STORE8, I32_STORE16, "ii", ' ');
    define(I64_STORE8, I64_STORE32, "il", ' ');
    define(MEMORY_SIZE, "", 'i');
    define(MEMORY_GROW, "i", 'i');
    define(I32_CONST, "", 'i');
    define(I64_CONST, "", 'l');
    define(F32_CONST, "", 'f');
    define(F64_CONST, "", 'd');
    define(I32_EQZ, "i", 'i');
    define(0x46, 0x4F, "ii", 'i');
    define(I64_EQZ, "l", 'i');
    define(0x51, 0x5A, "ll", 'i');
    define(0x5B, 0x60, "ff", 'i');
    define(0x61, F64_GE, "dd", 'i');
    define(I32_CLZ, 0x69, "i", 'i');
    define(0x6A, 0x78, "ii", 'i');
    define(0x79, 0x7B, "l", 'l');
    define(0x7C, 0x8A, "ll", 'l');
    define(0x8B, 0x91, "f", 'f');
    define(0x92, 0x98, "ff", 'f');
    define(0x99, 0x9F, "d", 'd');
    define(0xA0, 0xA6, "dd", 'd');
    define(0xA7, "l", 'i');
    define(0xA8, 0xA9, "f", 'i');
    define(0xAA, 0xAB, "d", 'i');
    define(0xAC, 0xAD, "i", 'l');
    define(0xAE, 0xAF, "f", 'l');
    define(0xB0, 0xB1, "d", 'l');
    define(0xB2, 0xB3, "i", 'f');
    define(0xB4, 0xB5, "l", 'f');
    define(0xB6, "d", 'f');
    define(0xB7, 0xB8, "i", 'd');
    define(0xB9, 0xBA, "l", 'd');
    define(0xBB, "f", 'd');
    define(0xBC, "f", 'i');
    define(0xBD, "d", 'l');
    define(0xBE, "i", 'f');
    define(0xBF, "l", 'd');
    define(0xC0, 0xC1, "i", 'i');
    define(0xC2, I64_EXTEND32_S, "l", 'l');
    define(PREFIXED, PREFIXED + 1, "f", 'i');
    define(PREFIXED + 2, PREFIXED + 3, "d", 'i');
    define(PREFIXED + 4, PREFIXED + 5, "f", 'l');
    define(PREFIXED + 6, PREFIXED + 7, "d", 'l');
    define(MEMORY_INIT, "iii", ' ');
    define(DATA_DROP, "", ' ');
    define(MEMORY_COPY, MEMORY_FILL, "iii", ' ');
    define(TABLE_INIT, "iii", ' ');
    define(ELEM_DROP, "", ' ');
    define(TABLE_COPY, "iii", ' ');
    define(TABLE_SIZE, "", 'i');
    define(NOP, "", ' ');
  }

  private Op() {}

  private static void define(int from, int to, String operands, char result) {
    for (int op = from; op <= to; op++) {
      define(op, operands, result);
    }
  }

  private static void define(int op, String operands, char result) {
    var types = new byte[operands.length()];
    for (int i = 0; i < types.length; i++) {
      types[i] = type(operands.charAt(i));
    }
    OPERANDS[op] = types;
    RESULTS[op] = type(result);
  }

  private static byte type(char letter) {
    return switch (letter) {
      case 'i' -> I32;
      case 'l' -> I64;
      case 'f' -> F32;
      case 'd' -> F64;
      default -> 0;
    };
  }

  /** Whether the operands and the result of the instruction always have the same types. */
  public static boolean isPlain(int op) {
    return OPERANDS[op] != null;
  }

  /** The types of a plain instruction's operands, the deepest first. */
  public static byte[] operands(int op) {
    return OPERANDS[op];
  }

  /** The type of a plain instruction's result, or 0 without one. */
  public static byte result(int op) {
    return RESULTS[op];
  }

  static boolean isLoad(int op) {
    return op >= I32_LOAD && op <= I64_LOAD32_U;
  }

  static boolean isStore(int op) {
    return op >= I32_STORE && op <= I64_STORE32;
  }

  static boolean isCompare(int op) {
    return op >= I32_EQZ && op <= F64_GE;
  }

  static boolean isOpener(int op) {
    return op == BLOCK || op == LOOP || op == IF || op == TRY_TABLE;
  }

  /** Whether control never continues after the instruction. */
  static boolean isTerminal(int op) {
    return switch (op) {
      case UNREACHABLE, BR, BR_TABLE, RETURN, THROW, THROW_REF -> true;
      default -> isTailCall(op);
    };
  }

  static boolean isTailCall(int op) {
    return op == RETURN_CALL || op == RETURN_CALL_INDIRECT;
  }
}
