package io.gonext.engine;

import static io.gonext.engine.ConstantExpression.F32_CONST;
import static io.gonext.engine.ConstantExpression.F64_CONST;
import static io.gonext.engine.ConstantExpression.GLOBAL_GET;
import static io.gonext.engine.ConstantExpression.I32_ADD;
import static io.gonext.engine.ConstantExpression.I32_CONST;
import static io.gonext.engine.ConstantExpression.I32_MUL;
import static io.gonext.engine.ConstantExpression.I32_SUB;
import static io.gonext.engine.ConstantExpression.I64_ADD;
import static io.gonext.engine.ConstantExpression.I64_CONST;
import static io.gonext.engine.ConstantExpression.I64_MUL;
import static io.gonext.engine.ConstantExpression.I64_SUB;
import static io.gonext.engine.ConstantExpression.REF_FUNC;
import static io.gonext.engine.ConstantExpression.REF_NULL;

import io.gonext.engine.ConstantExpression.Instruction;
import io.gonext.engine.ModuleDefinition.Global;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads and validates a module's constant expressions, including extended ones: sums, differences
 * and products of integers.
 *
 * <p>Source: WebAssembly Core Specification 3.0, chapter 3.4 (constant expressions). Like wasm
 * engines of today, it lets an expression read each constant global that is defined before it.
 */
final class ConstantReader {
  /** Compilers emit one or three. */
  private static final int MOST_INSTRUCTIONS = 64;

  private static final int END = 0x0B;

  private static final ConstantExpression NULL =
      new ConstantExpression(List.of(new Instruction(REF_NULL, 0)));

  private final List<Global> globals;
  private final BitSet declared;

  /** The expressions that refer to a function, by its index: a table may have it many times. */
  private final @Nullable ConstantExpression[] references;

  /** Of the expression that is read, as are the operands. */
  private final List<Instruction> instructions = new ArrayList<>();

  private final List<ValueType> operands = new ArrayList<>();

  /**
   * A reader.
   *
   * @param globals the globals that an expression may read
   * @param functions how many functions there are, imported ones included
   * @param declared receives the functions that expressions refer to
   */
  ConstantReader(List<Global> globals, int functions, BitSet declared) {
    this.globals = globals;
    this.declared = declared;
    this.references = new ConstantExpression[functions];
  }

  /** Reads one expression, including its end. */
  ConstantExpression read(BinaryReader in, ValueType wanted) {
    instructions.clear();
    operands.clear();
    while (instructions.size() <= MOST_INSTRUCTIONS) {
      int opcode = in.u8();
      if (opcode == END) {
        if (operands.size() != 1 || operands.getFirst() != wanted) {
          throw mismatch(in, wanted.toString());
        }
        return expression();
      }
      instructions.add(new Instruction(opcode, instruction(in, opcode)));
    }
    throw in.tooLarge("a constant expression of more than " + MOST_INSTRUCTIONS + " instructions");
  }

  private ConstantExpression expression() {
    if (instructions.size() == 1) {
      Instruction only = instructions.getFirst();
      switch (only.opcode()) {
        case REF_FUNC -> {
          return reference((int) only.immediate());
        }
        case REF_NULL -> {
          return NULL;
        }
        default -> {}
      }
    }
    return new ConstantExpression(List.copyOf(instructions));
  }

  /** Reads a function's index, which stands for {@code ref.func}. */
  ConstantExpression function(BinaryReader in) {
    return reference(functionIndex(in));
  }

  private ConstantExpression reference(int function) {
    ConstantExpression known = references[function];
    if (known == null) {
      known = new ConstantExpression(List.of(new Instruction(REF_FUNC, function)));
      references[function] = known;
    }
    return known;
  }

  private int functionIndex(BinaryReader in) {
    long index = in.u32();
    if (index >= references.length) {
      throw in.malformed(
          "a constant expression or element names function " + index + " of " + references.length);
    }
    declared.set((int) index);
    return (int) index;
  }

  /** The instruction's immediate. Changes the types of the operands as the instruction does. */
  private long instruction(BinaryReader in, int opcode) {
    switch (opcode) {
      case GLOBAL_GET -> {
        long index = in.u32();
        operands.add(global(in, index).type());
        return index;
      }
      case REF_FUNC -> {
        operands.add(ValueType.FUNCREF);
        return functionIndex(in);
      }
      case REF_NULL -> {
        operands.add(nullType(in));
        return 0;
      }
      case I32_CONST -> {
        operands.add(ValueType.I32);
        return in.signed(32);
      }
      case I64_CONST -> {
        operands.add(ValueType.I64);
        return in.signed(64);
      }
      case F32_CONST -> {
        operands.add(ValueType.F32);
        return in.bits(Float.BYTES);
      }
      case F64_CONST -> {
        operands.add(ValueType.F64);
        return in.bits(Double.BYTES);
      }
      case I32_ADD, I32_SUB, I32_MUL -> binary(in, ValueType.I32);
      case I64_ADD, I64_SUB, I64_MUL -> binary(in, ValueType.I64);
      case 0xFB -> throw in.unsupported("a constant expression uses garbage collection");
      case 0xFD -> throw in.unsupported("a constant expression uses SIMD");
      default ->
          throw in.malformed(
              "a constant expression with instruction 0x" + Integer.toHexString(opcode));
    }
    return 0;
  }

  private Global global(BinaryReader in, long index) {
    if (index >= globals.size()) {
      throw in.malformed(
          "a constant expression reads global "
              + index
              + ", and "
              + globals.size()
              + " are defined before it");
    }
    Global global = globals.get((int) index);
    if (global.isMutable()) {
      throw in.malformed("a constant expression reads global " + index + ", which is mutable");
    }
    return global;
  }

  private static ValueType nullType(BinaryReader in) {
    int code = in.peek();
    if (code != 0x70 && code != 0x6F && code != 0x69) {
      throw in.unsupported("a ref.null of a type other than funcref, externref and exnref");
    }
    return Admission.valueType(in);
  }

  private void binary(BinaryReader in, ValueType type) {
    int size = operands.size();
    if (size < 2 || operands.get(size - 2) != type || operands.get(size - 1) != type) {
      throw mismatch(in, type + " and " + type);
    }
    operands.removeLast();
  }

  private ModuleRejectedException mismatch(BinaryReader in, String wanted) {
    String found =
        operands.isEmpty()
            ? "nothing"
            : operands.stream().map(ValueType::toString).collect(Collectors.joining(" and "));
    return in.malformed(
        "a constant expression has a type mismatch: " + wanted + " needed, " + found + " found");
  }
}
