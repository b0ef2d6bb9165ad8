package io.gonext.engine;

/**
 * Reads a function's body instruction by instruction. It checks every immediate and the nesting of
 * blocks. Endive's validator checks the types afterwards.
 *
 * <p>Source of the numbers: WebAssembly Core Specification 2.0, chapter 5.4 (instructions).
 */
final class InstructionReader {
  /** What follows an opcode. */
  private enum Immediate {
    /** Nothing. */
    NONE,
    /** A type of block. */
    BLOCK,
    /** The end of a block. */
    END,
    /** One index. */
    INDEX,
    /** Two indices. */
    INDEX_PAIR,
    /** Labels and a default. */
    LABELS,
    /** Types. */
    TYPES,
    /** Alignment and offset. */
    MEMORY_ACCESS,
    /** The index of the memory. */
    MEMORY,
    /** Signed LEB128 of 32 bits. */
    I32,
    /** Signed LEB128 of 64 bits. */
    I64,
    /** Four bytes. */
    F32,
    /** Eight bytes. */
    F64,
    /** A type of reference. */
    REFERENCE_TYPE,
    /** A second opcode: saturating conversions and bulk operations. */
    PREFIX,
    /** No instruction. */
    ILLEGAL
  }

  private static final int ELSE = 0x05;
  private static final int END = 0x0B;
  private static final int BR = 0x0C;
  private static final int BR_IF = 0x0D;
  private static final int CALL = 0x10;
  private static final int I32_CONST = 0x41;

  /** The bytes that one element of a table counts for. */
  private static final int ELEMENT_BYTES = 8;

  private static final int BLOCK_VOID = 0x40;

  private static final Immediate[] IMMEDIATES = immediates();

  private final BinaryReader in;
  private final FunctionLabel function;
  private final EngineLimits limits;
  private final ModuleTypes types;
  private final FunctionCost cost;
  private final int parameters;
  private int depth;
  private int bulkOperations;

  /** The bytes that bulk operations of constant size cover together. */
  private long bulkBytes;

  /** The top operand if the previous instruction was a constant, else 0. */
  private long constant;

  /**
   * A reader of one function.
   *
   * @param in the body, without its size
   * @param function the label for messages
   * @param type the function's type
   * @param types the types that its instructions may refer to
   */
  InstructionReader(
      BinaryReader in,
      FunctionLabel function,
      FunctionType type,
      ModuleTypes types,
      EngineLimits limits) {
    this.in = in;
    this.function = function;
    this.limits = limits;
    this.types = types;
    this.parameters = type.parameters().size();
    this.cost = new FunctionCost(type);
  }

  private static Immediate[] immediates() {
    var table = new Immediate[256];
    java.util.Arrays.fill(table, Immediate.ILLEGAL);
    table[0x00] = Immediate.NONE;
    table[0x01] = Immediate.NONE;
    fill(table, 0x02, 0x04, Immediate.BLOCK);
    table[0x05] = Immediate.NONE;
    table[END] = Immediate.END;
    fill(table, 0x0C, 0x0D, Immediate.INDEX);
    table[0x0E] = Immediate.LABELS;
    table[0x0F] = Immediate.NONE;
    table[0x10] = Immediate.INDEX;
    table[0x11] = Immediate.INDEX_PAIR;
    fill(table, 0x1A, 0x1B, Immediate.NONE);
    table[0x1C] = Immediate.TYPES;
    fill(table, 0x20, 0x26, Immediate.INDEX);
    fill(table, 0x28, 0x3E, Immediate.MEMORY_ACCESS);
    fill(table, 0x3F, 0x40, Immediate.MEMORY);
    table[I32_CONST] = Immediate.I32;
    table[0x42] = Immediate.I64;
    table[0x43] = Immediate.F32;
    table[0x44] = Immediate.F64;
    fill(table, 0x45, 0xC4, Immediate.NONE);
    table[0xD0] = Immediate.REFERENCE_TYPE;
    table[0xD1] = Immediate.NONE;
    table[0xD2] = Immediate.INDEX;
    table[0xFC] = Immediate.PREFIX;
    return table;
  }

  private static void fill(Immediate[] table, int from, int to, Immediate immediate) {
    java.util.Arrays.fill(table, from, to + 1, immediate);
  }

  private static void referenceType(BinaryReader in) {
    int code = in.peek();
    if (code != 0x70 && code != 0x6F) {
      throw in.unsupported("a ref.null of a type other than funcref and externref");
    }
    in.u8();
  }

  // Bodies --------------------------------------------------------------------------------------

  /**
   * Reads the whole body.
   *
   * @param hasDataCount whether the module has a data count section
   * @return the cost of compiling the function
   */
  FunctionCost body(boolean hasDataCount) {
    locals();
    depth = 1;
    while (depth > 0) {
      int opcode = in.u8();
      instruction(opcode, hasDataCount);
      if (opcode != I32_CONST) {
        constant = 0;
      }
    }
    if (!in.isAtEnd()) {
      throw in.malformed("function " + function + " has code after its end");
    }
    return cost;
  }

  private void locals() {
    int groups = in.count("groups of locals", 2);
    long total = parameters;
    for (int i = 0; i < groups; i++) {
      long count = in.u32();
      total += count;
      if (total > limits.functionLocals()) {
        throw in.tooLarge(
            "function "
                + function
                + " has "
                + total
                + " locals, the limit is "
                + limits.functionLocals()
                + EngineLimits.raise("functionLocals"));
      }
      cost.locals(count, Admission.valueType(in));
    }
  }

  private void instruction(int opcode, boolean hasDataCount) {
    switch (IMMEDIATES[opcode]) {
      case NONE -> none(opcode);
      case BLOCK -> {
        blockType(opcode);
        if (++depth > limits.nesting()) {
          throw in.tooLarge(
              "function "
                  + function
                  + " nests deeper than the limit, "
                  + limits.nesting()
                  + EngineLimits.raise("nesting"));
        }
      }
      case END -> {
        depth--;
        cost.end();
      }
      case INDEX -> index(opcode, in.u32());
      case INDEX_PAIR -> {
        indirectCall(types.type(in.u32()));
        in.u32();
      }
      case LABELS -> {
        int labels = in.count("branch targets", "branchTargets", limits.branchTargets(), 1);
        cost.branchTable();
        for (int i = 0; i <= labels; i++) {
          cost.tableTarget(in.u32());
        }
        cost.unreachable();
      }
      case TYPES -> {
        int count = in.count("types", "parameters", limits.parameters(), 1);
        for (int i = 0; i < count; i++) {
          Admission.valueType(in);
        }
        cost.plain(opcode);
      }
      case MEMORY_ACCESS -> {
        long alignment = in.u32();
        if (alignment >= 32) {
          throw alignment >= 64
              ? in.unsupported("function " + function + " names a memory (multi-memory)")
              : in.malformed("function " + function + " has an alignment of 2^" + alignment);
        }
        in.u32();
        cost.plain(opcode);
      }
      case MEMORY -> {
        memoryIndex();
        cost.plain(opcode);
      }
      case I32 -> {
        constant = Integer.toUnsignedLong((int) in.signed(32));
        cost.plain(opcode);
      }
      case I64 -> {
        in.signed(64);
        cost.plain(opcode);
      }
      case F32 -> {
        in.skip(Float.BYTES);
        cost.plain(opcode);
      }
      case F64 -> {
        in.skip(Double.BYTES);
        cost.plain(opcode);
      }
      case REFERENCE_TYPE -> {
        referenceType(in);
        cost.plain(opcode);
      }
      case PREFIX -> {
        long second = in.u32();
        prefixed(second, hasDataCount);
        cost.prefixed(second <= 7 || second == 9 || second == 13 ? 0 : change(second));
      }
      case ILLEGAL -> throw illegal(opcode);
    }
  }

  private void none(int opcode) {
    if (opcode == ELSE) {
      cost.otherwise();
    } else {
      cost.plain(opcode);
    }
  }

  private void index(int opcode, long index) {
    switch (opcode) {
      case BR -> cost.branch(index);
      case BR_IF -> cost.branchIf(index);
      case CALL -> cost.call(types.ofFunction(index), false);
      default -> cost.plain(opcode);
    }
  }

  /**
   * When Endive's compiler boxes many arguments, it does not account for the table index above
   * them.
   */
  private void indirectCall(FunctionType type) {
    if (FunctionCost.slots(type) > FunctionCost.MOST_INDIRECT_SLOTS) {
      throw in.unsupported(
          "function "
              + function
              + " calls through a table with arguments of "
              + FunctionCost.slots(type)
              + " slots (two for each i64 and f64, one for each other); the most is "
              + FunctionCost.MOST_INDIRECT_SLOTS
              + ": pass fewer, or a pointer to them");
    }
    cost.call(type, true);
  }

  /** How a bulk instruction changes the number of operands. */
  private static int change(long opcode) {
    return switch ((int) opcode) {
      case 15 -> -1;
      case 16 -> 1;
      default -> -3;
    };
  }

  private void blockType(int opcode) {
    int code = in.peek();
    if (code == BLOCK_VOID) {
      in.u8();
      cost.block(opcode, 0, 0);
    } else if (code > BLOCK_VOID && code < 0x80) {
      Admission.valueType(in);
      cost.block(opcode, 0, 1);
    } else {
      long index = in.signed(33);
      if (index < 0) {
        throw in.malformed("function " + function + " has a block without a valid type");
      }
      FunctionType type = types.type(index);
      cost.block(opcode, type.parameters().size(), type.results().size());
    }
  }

  /** One byte that must be zero. Under multi-memory it is an index. */
  private void memoryIndex() {
    if (in.u8() != 0) {
      throw in.unsupported("function " + function + " names a memory (multi-memory)");
    }
  }

  private void prefixed(long opcode, boolean hasDataCount) {
    if (opcode <= 7) {
      return;
    }
    switch ((int) Math.min(opcode, Integer.MAX_VALUE)) {
      case 8 -> {
        announced(hasDataCount);
        in.u32();
        memoryIndex();
        bulk(1);
      }
      case 9 -> {
        announced(hasDataCount);
        in.u32();
      }
      case 10 -> {
        memoryIndex();
        memoryIndex();
        bulk(1);
      }
      case 11 -> {
        memoryIndex();
        bulk(1);
      }
      case 12, 14 -> {
        in.u32();
        in.u32();
        bulk(ELEMENT_BYTES);
      }
      case 13, 16 -> in.u32();
      case 15, 17 -> {
        in.u32();
        bulk(ELEMENT_BYTES);
      }
      default -> throw in.malformed("function " + function + " has no instruction 0xFC " + opcode);
    }
  }

  private void announced(boolean hasDataCount) {
    if (!hasDataCount) {
      throw in.malformed("function " + function + " needs a data count section");
    }
  }

  /** A bulk operation. Its size is on top of the stack, in units of this many bytes. */
  private void bulk(int unitBytes) {
    bulkBytes += constant * unitBytes;
    if (bulkBytes > limits.bulkBytes()) {
      throw in.tooLarge(
          "function "
              + function
              + " has bulk operations of "
              + bulkBytes
              + " bytes, the limit is "
              + limits.bulkBytes()
              + EngineLimits.raise("bulkBytes"));
    }
    if (++bulkOperations > limits.bulkOperations()) {
      throw in.tooLarge(
          "function "
              + function
              + " has more bulk operations than the limit, "
              + limits.bulkOperations()
              + EngineLimits.raise("bulkOperations"));
    }
  }

  private ModuleRejectedException illegal(int opcode) {
    String uses = "function " + function + " uses ";
    return switch (opcode) {
      case 0x06, 0x07, 0x08, 0x09, 0x0A, 0x18, 0x19, 0x1F ->
          in.unsupported(uses + "exception handling");
      case 0x12, 0x13, 0x15 -> in.unsupported(uses + "tail calls");
      case 0x14, 0xD4, 0xD5, 0xD6 -> in.unsupported(uses + "typed function references");
      case 0xD3, 0xFB -> in.unsupported(uses + "garbage collection");
      case 0xFD -> in.unsupported(uses + "SIMD");
      case 0xFE -> in.unsupported(uses + "threads");
      default ->
          in.malformed(
              "function " + function + " has no instruction 0x" + Integer.toHexString(opcode));
    };
  }
}
