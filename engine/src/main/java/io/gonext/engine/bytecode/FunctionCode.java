package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A function's instructions, decoded and valid. Instructions that control never reaches are left
 * out, except the ELSE and END of a block that control reaches.
 *
 * <p>An object is filled by one thread, then only read.
 */
public final class FunctionCode {
  /** The target of a branch that leaves the function. */
  public static final int FUNCTION = -1;

  private static final int[] NO_LABELS = {};

  final int function;
  final Signature signature;

  /** The types of all locals, parameters first. */
  final byte[] locals;

  /** The position of the first instruction in the module's bytes. */
  final int start;

  int size;
  int[] op;

  /** A constant's bits, an index, or an offset. */
  long[] immediate;

  /**
   * A second immediate: for a branch the index of the block's instruction that it goes to, or
   * {@link #FUNCTION}; for an indirect call the table; for a TRY_TABLE the index of its catch
   * clauses.
   */
  int[] extra;

  /** The position in the module's bytes. */
  int[] position;

  /** For a block, a loop or an if: its END. For an ELSE: its IF. For an END: its opener. */
  int[] partner;

  /** How many operands are on the stack before the instruction. */
  int[] height;

  /** How many are left when the instruction has taken its operands. */
  int[] low;

  /** For an ELSE or END: whether control reaches it from the previous instruction. */
  boolean[] falls;

  private int @Nullable [] accessesBefore;

  private @Nullable NanBits nanBits;

  /** The innermost block around each instruction, or {@link #FUNCTION}. */
  private int @Nullable [] outer;

  /** How many blocks are around each instruction. */
  private int[] depth = NO_LABELS;

  /** The units of fuel of an instruction where they are not those of its opcode. */
  private final Map<Integer, Integer> units = new HashMap<>();

  /** What {@link Op#RESUME} goes on in, if there is one. */
  @Nullable Resumption resumption;

  /** The openers that it branches to; those of the other code have the same indices. */
  int[] resumptionTargets = NO_LABELS;

  /** If only one loop of this is emitted, which another code resumes, its index, else -1. */
  int resumedLoop = -1;

  /** The loop of a {@link Dispatch} in the function as it was. */
  record Resumption(FunctionCode code, Part loop) {}

  private final List<Signature> blocks = new ArrayList<>();
  private final List<int[]> labels = new ArrayList<>();
  private final List<List<Catch>> catches = new ArrayList<>();

  /**
   * A function without instructions.
   *
   * @param locals the types of all locals, parameters first
   * @param start the position of the first instruction
   */
  public FunctionCode(int function, Signature signature, byte[] locals, int start, int capacity) {
    this.function = function;
    this.signature = signature;
    this.locals = locals;
    this.start = start;
    this.op = new int[capacity];
    this.immediate = new long[capacity];
    this.extra = new int[capacity];
    this.position = new int[capacity];
    this.partner = new int[capacity];
    this.height = new int[capacity];
    this.low = new int[capacity];
    this.falls = new boolean[capacity];
  }

  /**
   * Adds an instruction.
   *
   * @return its index
   */
  public int add(int opcode, long value, int second, int at, int before, int taken) {
    if (size == op.length) {
      grow();
    }
    op[size] = opcode;
    immediate[size] = value;
    extra[size] = second;
    position[size] = at;
    height[size] = before;
    low[size] = taken;
    return size++;
  }

  private void grow() {
    int capacity = Math.max(16, size * 2);
    op = Arrays.copyOf(op, capacity);
    immediate = Arrays.copyOf(immediate, capacity);
    extra = Arrays.copyOf(extra, capacity);
    position = Arrays.copyOf(position, capacity);
    partner = Arrays.copyOf(partner, capacity);
    height = Arrays.copyOf(height, capacity);
    low = Arrays.copyOf(low, capacity);
    falls = Arrays.copyOf(falls, capacity);
  }

  /** Keeps a block's type; the result is the block's immediate. */
  public int block(Signature type) {
    blocks.add(type);
    return blocks.size() - 1;
  }

  /** Keeps the targets of a br_table, the default last; the result is its immediate. */
  public int labels(int[] targets) {
    labels.add(targets);
    return labels.size() - 1;
  }

  /**
   * Completes an ELSE.
   *
   * @param opener the index of its IF
   * @param index its own index
   * @param reached whether control reaches it from the previous instruction
   */
  public void otherwise(int opener, int index, boolean reached) {
    partner[index] = opener;
    extra[opener] = index;
    falls[index] = reached;
  }

  /**
   * Adds an END.
   *
   * @param opener the index of the instruction that it ends, or {@link #FUNCTION}
   * @param base the height of the stack below the block's results
   * @param reached whether control reaches it from the previous instruction
   */
  public void end(int opener, int at, int base, boolean reached) {
    int index = add(Op.END, 0, opener, at, base, base);
    falls[index] = reached;
    if (opener != FUNCTION) {
      partner[opener] = index;
      partner[index] = opener;
    }
  }

  /** Keeps the catch clauses of a TRY_TABLE; the result is its second immediate. */
  public int catches(List<Catch> clauses) {
    catches.add(clauses);
    return catches.size() - 1;
  }

  Resumption resumption() {
    return Objects.requireNonNull(resumption);
  }

  /** Sets the units of fuel of an instruction. */
  void units(int index, int cost) {
    units.put(index, cost);
  }

  /** Whether its opcode does not say what an instruction costs. */
  boolean hasOwnUnits(int index) {
    return units.containsKey(index);
  }

  /** The units of fuel of an instruction. */
  int units(int index) {
    return units.getOrDefault(index, FuelCharges.cost(op[index]));
  }

  List<Catch> catchesOf(int tryTable) {
    return catches.get(extra[tryTable]);
  }

  public int size() {
    return size;
  }

  Signature blockType(int opener) {
    return blocks.get((int) immediate[opener]);
  }

  /** The types that a branch to this block carries. */
  byte[] labelTypes(int opener) {
    if (opener == FUNCTION) {
      return signature.results();
    }
    Signature type = blockType(opener);
    return op[opener] == Op.LOOP ? type.parameters() : type.results();
  }

  int[] labelsOf(int index) {
    return labels.get((int) immediate[index]);
  }

  /** The ELSE of an IF, or -1. */
  int elseOf(int opener) {
    return op[opener] == Op.IF ? extra[opener] : -1;
  }

  /** The targets of any branch or catch clause, with duplicates. */
  int[] targets(int index) {
    return switch (op[index]) {
      case Op.BR, Op.BR_IF -> new int[] {extra[index]};
      case Op.BR_TABLE -> labelsOf(index);
      case Op.RETURN, Op.RETURN_CALL, Op.RETURN_CALL_INDIRECT -> new int[] {FUNCTION};
      case Op.RESUME -> resumptionTargets;
      case Op.TRY_TABLE -> catchesOf(index).stream().mapToInt(Catch::target).toArray();
      default -> NO_LABELS;
    };
  }

  /** The index after the instruction or, for a block, after its END. */
  int next(int index) {
    return Op.isOpener(op[index]) ? partner[index] + 1 : index + 1;
  }

  /** Complete code only: which of its NaN become the canonical one. */
  NanBits nanBits() {
    if (nanBits == null) {
      nanBits = new NanBits(this);
    }
    return nanBits;
  }

  /** How many loads and stores there are before an instruction. */
  int accessesBefore(int index) {
    if (accessesBefore == null) {
      accessesBefore = new int[size + 1];
      for (int i = 0; i < size; i++) {
        int access = Op.isLoad(op[i]) || Op.isStore(op[i]) ? 1 : 0;
        accessesBefore[i + 1] = accessesBefore[i] + access;
      }
    }
    return accessesBefore[index];
  }

  /** The innermost block around an instruction, or {@link #FUNCTION}. */
  int outer(int index) {
    if (outer == null) {
      nest();
    }
    return Objects.requireNonNull(outer)[index];
  }

  private void nest() {
    outer = new int[size];
    depth = new int[size];
    int around = FUNCTION;
    int blocks = 0;
    for (int i = 0; i < size; i++) {
      if (op[i] == Op.END && extra[i] != FUNCTION) {
        around = outer[extra[i]];
        blocks--;
      }
      outer[i] = around;
      depth[i] = blocks;
      if (Op.isOpener(op[i])) {
        around = i;
        blocks++;
      }
    }
  }

  /**
   * The number of the label of a block or of the function. Among the blocks around an instruction,
   * each has another one: 1 is the function's, and inner blocks have larger ones.
   */
  int number(int target) {
    if (target == FUNCTION) {
      return 1;
    }
    outer(target);
    return depth[target] + 2;
  }

  /** The label with this number around an instruction. */
  int target(int index, int number) {
    int target = outer(index);
    while (number(target) != number) {
      target = outer(target);
    }
    return target;
  }
}
