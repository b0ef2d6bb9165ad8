package io.gonext.engine;

import java.util.Arrays;

/**
 * The cost of compiling one function, counted while its instructions are read, before the compiler
 * spends it. Endive's compiler, the class file writer and the JVM's verifier each need heap in
 * proportion to the size of the code, and to the number of branch targets <em>times</em> the locals
 * and operands that are alive there. So this class tracks the number of operands.
 *
 * <p>The counts are estimates, calibrated against the compiler of Endive 1.0.0: see RATIONALE.md.
 * They are good for modules that validate; for others they only need to be finite. Counting takes
 * constant time for each instruction, and memory proportional to the nesting.
 */
final class FunctionCost {
  /** The most slots of arguments in the JVM. The compiler boxes arguments beyond 253 slots. */
  static final int MOST_DIRECT_SLOTS = 253;

  /** Besides its arguments, a call through a table passes two indices, memory and instance. */
  static final int MOST_INDIRECT_SLOTS = 251;

  /** The compiler passes multiple results as arguments of a static method. */
  static final int MOST_RESULT_SLOTS = 255;

  /**
   * How one-byte instructions change the number of operands, for those that need no other
   * treatment.
   */
  private static final byte[] CHANGES = changes();

  /** The approximate size in bytecode of one-byte instructions. */
  private static final byte[] CODE_BYTES = codeBytesOf();

  /** The bytes that ASM's frames take for each slot of locals at each basic block. */
  private static final int FRAME_LOCAL_BYTES = 10;

  private static final int FRAME_OPERAND_BYTES = 12;
  private static final int BASIC_BLOCK_BYTES = 300;
  private static final int BLOCK_BYTES = 350;
  private static final int PARSED_INSTRUCTION_BYTES = 56;

  /** The bytes of temporary objects for parsing and analyzing an instruction. */
  private static final int READ_INSTRUCTION_BYTES = 400;

  private static final int CODE_COPIES = 3;

  private final int parameters;
  private long localSlots;
  private long instructions;
  private long codeBytes;
  private long blocks = 1;
  private long basicBlocks = 1;

  /** Where the basic block began that was counted last. A block without code is not counted. */
  private long blockFrom = -1;

  private long frameOperands;
  private long branches;
  private long work;
  private long constants;
  private int height;

  // The open blocks, outermost first.
  private int depth;
  private int[] base = new int[16];
  private short[] arities = new short[16];
  private short[] branchArities = new short[16];
  private int[] nested = new int[16];
  private boolean[] loops = new boolean[16];
  private boolean[] targets = new boolean[16];

  FunctionCost(FunctionType type) {
    this.parameters = type.parameters().size();
    int slots = slots(type);
    this.localSlots = slots + 2L;
    this.codeBytes = 40 + 8L * parameters;
    if (slots > MOST_DIRECT_SLOTS) {
      codeBytes += 10L * parameters;
      localSlots += 1;
    }
    open(0, type.results().size(), false, type.results().size());
  }

  /** The number of JVM argument slots for these types. */
  static int slots(FunctionType type) {
    return slots(type.parameters());
  }

  static int slots(java.util.List<ValueType> types) {
    int slots = 0;
    for (ValueType type : types) {
      slots += slots(type);
    }
    return slots;
  }

  private static int slots(ValueType type) {
    return type == ValueType.I64 || type == ValueType.F64 ? 2 : 1;
  }

  private static byte[] changes() {
    var table = new byte[256];
    table[0x1A] = -1; // drop
    table[0x1B] = -2; // select
    table[0x1C] = -2;
    table[0x20] = 1; // local.get
    table[0x21] = -1;
    table[0x23] = 1; // global.get
    table[0x24] = -1;
    table[0x26] = -2; // table.set
    Arrays.fill(table, 0x36, 0x3F, (byte) -2); // stores
    table[0x3F] = 1; // memory.size
    Arrays.fill(table, 0x41, 0x45, (byte) 1); // constants
    Arrays.fill(table, 0x46, 0x50, (byte) -1); // comparisons
    Arrays.fill(table, 0x51, 0x67, (byte) -1);
    Arrays.fill(table, 0x6A, 0x79, (byte) -1); // arithmetic
    Arrays.fill(table, 0x7C, 0x8B, (byte) -1);
    Arrays.fill(table, 0x92, 0x99, (byte) -1);
    Arrays.fill(table, 0xA0, 0xA7, (byte) -1);
    table[0xD0] = 1; // ref.null
    table[0xD2] = 1; // ref.func
    return table;
  }

  private static byte[] codeBytesOf() {
    var table = new byte[256];
    Arrays.fill(table, (byte) 4);
    table[0x00] = 8; // unreachable, return
    table[0x01] = 0;
    table[0x0F] = 8;
    Arrays.fill(table, 0x20, 0x23, (byte) 3); // locals
    Arrays.fill(table, 0x23, 0x27, (byte) 14); // globals, tables
    Arrays.fill(table, 0x28, 0x3F, (byte) 12); // memory
    Arrays.fill(table, 0x41, 0x45, (byte) 3); // constants
    return table;
  }

  void locals(long count, ValueType type) {
    localSlots += count * slots(type);
    codeBytes += count * 5;
  }

  /** An instruction of one byte that neither branches nor calls. */
  void plain(int opcode) {
    instructions++;
    codeBytes += CODE_BYTES[opcode];
    height = Math.max(height + CHANGES[opcode], base[depth - 1]);
    if (opcode >= 0x41 && opcode <= 0x44) {
      constants++;
    } else if (opcode == 0x1B || opcode == 0x1C) {
      select();
    } else if (opcode == 0x00 || opcode == 0x0F) {
      unreachable();
    }
  }

  /** A select becomes a branch over a swap, with both operands alive at its ends. */
  private void select() {
    basicBlocks += 2;
    frameOperands += 2L * (height + 1);
  }

  /** A two-byte instruction. Each becomes a call in the compiled code. */
  void prefixed(int change) {
    instructions++;
    codeBytes += 12;
    change(change);
  }

  private void change(int by) {
    height = Math.max(height + by, base[depth - 1]);
  }

  /** A block, loop or if. */
  void block(int opcode, int blockParameters, int results) {
    instructions++;
    boolean loop = opcode == 0x03;
    if (opcode == 0x04) {
      change(-1);
      codeBytes += 3;
      basicBlock();
    }
    blocks++;
    nested[depth - 1]++;
    work += blockParameters + results;
    change(-blockParameters);
    // The compiler keeps a copy of the operands' types for each open block.
    work += height / 8;
    open(height, results, loop, loop ? blockParameters : results);
    targets[depth - 1] = opcode == 0x04;
    height += blockParameters;
    if (loop) {
      basicBlock();
    }
  }

  private void open(int at, int results, boolean loop, int branchArity) {
    if (depth == base.length) {
      int size = depth * 2;
      base = Arrays.copyOf(base, size);
      arities = Arrays.copyOf(arities, size);
      branchArities = Arrays.copyOf(branchArities, size);
      nested = Arrays.copyOf(nested, size);
      loops = Arrays.copyOf(loops, size);
      targets = Arrays.copyOf(targets, size);
    }
    base[depth] = at;
    arities[depth] = (short) results;
    branchArities[depth] = (short) branchArity;
    nested[depth] = 0;
    loops[depth] = loop;
    targets[depth] = false;
    depth++;
  }

  void otherwise() {
    instructions++;
    codeBytes += 3;
    height = base[depth - 1];
    basicBlock();
  }

  /** The end of a block, or of the function. */
  void end() {
    instructions++;
    depth--;
    height = base[depth] + arities[depth];
    if (depth > 0 && loops[depth]) {
      // Endive's parser searches all sibling blocks for the last loop.
      work += nested[depth - 1];
    }
    if (targets[depth]) {
      basicBlock();
    }
  }

  /** An unconditional branch. */
  void branch(long label) {
    instructions++;
    codeBytes += 6;
    target(label);
    unreachable();
  }

  void branchIf(long label) {
    instructions++;
    codeBytes += 9;
    change(-1);
    target(label);
    basicBlock();
  }

  /** Called before the labels of a br_table. */
  void branchTable() {
    instructions++;
    codeBytes += 16;
    change(-1);
  }

  /** One label of a br_table. */
  void tableTarget(long label) {
    codeBytes += 4;
    target(label);
  }

  void unreachable() {
    height = base[depth - 1];
    basicBlock();
  }

  private void target(long label) {
    branches++;
    // Endive's parser walks from block to block.
    work += label;
    if (label >= depth) {
      return; // not valid
    }
    int to = (int) (depth - 1 - label);
    targets[to] = true;
    int kept = branchArities[to];
    int dropped = height - base[to] - kept;
    work += kept;
    if (dropped > 0) {
      codeBytes += dropped + 8L * kept;
      work += dropped;
    }
  }

  void call(FunctionType type, boolean indirect) {
    instructions++;
    codeBytes += indirect ? 14 : 10;
    change(-type.parameters().size() - (indirect ? 1 : 0));
    int slots = slots(type);
    if (slots > MOST_DIRECT_SLOTS) {
      codeBytes += 14L * type.parameters().size();
    }
    int results = type.results().size();
    if (results > 1) {
      codeBytes += 8L * results;
    }
    work += type.parameters().size() + results;
    height += results;
  }

  private void basicBlock() {
    if (codeBytes != blockFrom) {
      blockFrom = codeBytes;
      basicBlocks++;
      frameOperands += height;
    }
  }

  /** The approximate size of the JVM method. */
  long codeBytes() {
    return codeBytes;
  }

  long instructions() {
    return instructions;
  }

  /** The most entries of a class's constant pool that this function alone needs. */
  long constants() {
    return 12 + 2 * constants;
  }

  /** The bytes that stay on the heap until the module is compiled. */
  long heldBytes() {
    return 2_000
        + 16L * parameters
        + 24 * localSlots
        + PARSED_INSTRUCTION_BYTES * instructions
        + 200 * branches
        + blocks * BLOCK_BYTES
        + basicBlocks * BASIC_BLOCK_BYTES
        + basicBlocks * localSlots * FRAME_LOCAL_BYTES
        + frameOperands * FRAME_OPERAND_BYTES
        + codeBytes * CODE_COPIES;
  }

  /** The additional bytes on the heap while this function is compiled. */
  long passingBytes() {
    return READ_INSTRUCTION_BYTES * instructions;
  }

  /** The steps that are not proportional to the function's size. */
  long work() {
    return work;
  }
}
