package io.gonext.engine;

import io.gonext.engine.bytecode.FunctionCode;
import io.gonext.engine.bytecode.ModuleShape;
import io.gonext.engine.bytecode.Op;
import io.gonext.engine.bytecode.Signature;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads a function's body: checks every immediate, the nesting and the types, and keeps the
 * instructions that control can reach.
 *
 * <p>Source: WebAssembly Core Specification 2.0, chapters 3.3 and 5.4, and its appendix with the
 * validation algorithm. An object reads one function, on one thread.
 */
final class FunctionReader {
  private static final int BLOCK_VOID = 0x40;

  /** The type of an operand that unreachable code would have. */
  private static final byte ANY = 0;

  /** The most bytes of an instruction's alignment exponent, by how many bytes it accesses. */
  private static final byte[] ACCESS_LOG2 = {
    2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 2, 3, 2, 3, 0, 1, 0, 1, 2
  };

  /** The JVM allows 65,535 slots, and a number may take two. */
  private static final int MOST_OPERANDS = 30_000;

  /** A class's entries for a method or field: the reference, its name and type, the name. */
  private static final int REFERENCE_ENTRIES = 3;

  // Keys that tell the constants of a function apart.
  private static final long FLOAT_KEY = 1L << 62;
  private static final long FUNCTION_KEY = 1L << 61;
  private static final long GLOBAL_KEY = 1L << 60;

  /** The bytes that one element of a table counts for. */
  private static final int ELEMENT_BYTES = 8;

  final BinaryReader in;
  final ModuleShape module;
  final FunctionLabel label;
  final EngineLimits limits;
  private final Signature signature;

  /** Whether the limits apply; not to a function that was validated before. */
  final boolean limited;

  /** Null if the function is only validated. */
  final @Nullable FunctionCode code;

  private final ExceptionReader exceptions;
  final FunctionCost cost = new FunctionCost();
  final byte[] locals;

  private byte[] stack = new byte[32];
  int height;

  Block[] blocks = new Block[16];
  int depth;

  private int bulkOperations;

  /** The bytes that bulk operations of constant size cover together. */
  private long bulkBytes;

  /** The top operand if the previous instruction was a constant, else 0. */
  private long constant;

  /** A block that is open. */
  static final class Block {
    int opcode;

    /** Its index in the code, or {@link FunctionCode#FUNCTION}, or -2 if it is left out. */
    int opener;

    Signature type;

    /** The height of the stack below its parameters. */
    int base;

    /** Whether the rest of it cannot be reached; its operands then have any type. */
    boolean isUnreachable;

    /** Whether the instructions that follow are left out. */
    boolean isDead;

    /** Whether a branch goes to its end. */
    boolean isTarget;

    boolean hasElse;

    Block(int opcode, int opener, Signature type, int base, boolean isDead) {
      this.opcode = opcode;
      this.opener = opener;
      this.type = type;
      this.base = base;
      this.isDead = isDead;
    }

    byte[] labelTypes() {
      return opcode == Op.LOOP ? type.parameters() : type.results();
    }
  }

  static final int LEFT_OUT = -2;

  private static final Signature VOID = new Signature(new byte[0], new byte[0]);

  /** The types of blocks with one result. */
  private static final Map<ValueType, Signature> RESULT =
      Arrays.stream(ValueType.values())
          .collect(
              Collectors.toUnmodifiableMap(
                  type -> type, type -> new Signature(new byte[0], new byte[] {code(type)})));

  private FunctionReader(
      BinaryReader in,
      int function,
      ModuleShape module,
      FunctionLabel label,
      EngineLimits limits,
      boolean limited,
      boolean keeps,
      @Nullable ExceptionReader plan) {
    this.in = in;
    this.module = module;
    this.label = label;
    this.limits = limits;
    this.signature = module.typeOf(function);
    this.limited = limited;
    this.locals = locals();
    this.code =
        keeps
            ? new FunctionCode(
                function,
                signature,
                plan == null ? locals : plan.withHiddenLocals(locals),
                in.position(),
                in.remaining() / 2 + 8)
            : null;
    this.exceptions = new ExceptionReader(this, plan);
  }

  /**
   * Validates a function.
   *
   * @param in its body, without its size
   * @return what it costs to compile it
   * @throws ModuleRejectedException when it is not valid, uses what the engine refuses, or is
   *     larger than the limits
   */
  static FunctionCost validate(
      BinaryReader in, int function, ModuleShape module, FunctionLabel label, EngineLimits limits) {
    var reader = new FunctionReader(in, function, module, label, limits, true, false, null);
    reader.body();
    return reader.cost;
  }

  /** Reads a function that was validated before. */
  static FunctionCode read(BinaryReader in, int function, ModuleShape module) {
    var label = new FunctionLabel(function, _ -> "");
    EngineLimits limits = EngineLimits.defaults();
    ExceptionReader plan = null;
    if (module.legacyTries().get(function)) {
      var planning =
          new FunctionReader(in.copy(), function, module, label, limits, false, false, null);
      planning.body();
      plan = planning.exceptions;
    }
    var reader = new FunctionReader(in, function, module, label, limits, false, true, plan);
    reader.body();
    return Objects.requireNonNull(reader.code);
  }

  private byte[] locals() {
    int groups = in.count("groups of locals", 2);
    byte[] parameters = signature.parameters();
    byte[] types = Arrays.copyOf(parameters, parameters.length + groups);
    int total = parameters.length;
    for (int i = 0; i < groups; i++) {
      long count = in.u32();
      if (limited && total + count > limits.functionLocals()) {
        throw in.tooLarge(
            "function "
                + label
                + " has "
                + (total + count)
                + " locals, the limit is "
                + limits.functionLocals()
                + EngineLimits.raise("functionLocals"));
      }
      byte type = code(Admission.valueType(in));
      int from = total;
      total += (int) count;
      if (total > types.length) {
        types = Arrays.copyOf(types, Math.max(total, 2 * from));
      }
      Arrays.fill(types, from, total, type);
    }
    return Arrays.copyOf(types, total);
  }

  /** A type's byte in the binary format. */
  static byte code(ValueType type) {
    return switch (type) {
      case I32 -> Op.I32;
      case I64 -> Op.I64;
      case F32 -> Op.F32;
      case F64 -> Op.F64;
      case FUNCREF -> Op.FUNCREF;
      case EXTERNREF -> Op.EXTERNREF;
      case EXNREF -> Op.EXNREF;
    };
  }

  // The validation algorithm ----------------------------------------------------------------------

  Block top() {
    return blocks[depth - 1];
  }

  void push(byte type) {
    if (height == MOST_OPERANDS) {
      throw in.tooLarge(
          "function " + label + " has more than " + MOST_OPERANDS + " operands on the stack");
    }
    if (height == stack.length) {
      stack = Arrays.copyOf(stack, height * 2);
    }
    stack[height++] = type;
  }

  void push(byte[] types) {
    for (byte type : types) {
      push(type);
    }
  }

  private byte pop() {
    Block block = top();
    if (height == block.base) {
      if (block.isUnreachable) {
        return ANY;
      }
      throw mismatch("an operand is missing");
    }
    return stack[--height];
  }

  byte pop(byte expected) {
    byte actual = pop();
    if (actual != expected && actual != ANY && expected != ANY) {
      throw mismatch(name(expected) + " expected, not " + name(actual));
    }
    return actual == ANY ? expected : actual;
  }

  void pop(byte[] expected) {
    for (int i = expected.length - 1; i >= 0; i--) {
      pop(expected[i]);
    }
  }

  void unreachable() {
    Block block = top();
    height = block.base;
    block.isUnreachable = true;
    block.isDead = true;
  }

  void open(int opcode, int opener, Signature type, boolean isDead) {
    if (limited && depth == limits.nesting()) {
      throw in.tooLarge(
          "function "
              + label
              + " nests deeper than the limit, "
              + limits.nesting()
              + EngineLimits.raise("nesting"));
    }
    if (depth == blocks.length) {
      blocks = Arrays.copyOf(blocks, depth * 2);
    }
    cost.open(opcode == Op.LOOP);
    if (opcode != Op.BLOCK) {
      cost.target(height);
    }
    blocks[depth++] = new Block(opcode, opener, type, height, isDead);
    push(type.parameters());
  }

  ModuleRejectedException mismatch(String problem) {
    return in.malformed(
        "the module is not valid: type mismatch in function " + label + ": " + problem);
  }

  private static String name(byte type) {
    return switch (type) {
      case Op.I32 -> "i32";
      case Op.I64 -> "i64";
      case Op.F32 -> "f32";
      case Op.F64 -> "f64";
      case Op.FUNCREF -> "funcref";
      case Op.EXNREF -> "exnref";
      default -> "externref";
    };
  }

  // Instructions ----------------------------------------------------------------------------------

  private void body() {
    open(Op.BLOCK, FunctionCode.FUNCTION, new Signature(new byte[0], signature.results()), false);
    exceptions.begin();
    while (depth > 0) {
      int at = in.position();
      int opcode = in.u8();
      instruction(opcode, at);
      if (opcode != Op.I32_CONST) {
        constant = 0;
      }
    }
    if (!in.isAtEnd()) {
      throw in.malformed("function " + label + " has code after its end");
    }
    if (limited && cost.hasTooManyConstants()) {
      throw in.tooLarge(
          "function "
              + label
              + " has too many different constants, callees and globals for a class of the JVM,"
              + " more than about "
              + FunctionCost.MOST_CONSTANTS
              + "; divide it into smaller functions");
    }
    if (limited && cost.hasTooManyOperands()) {
      throw in.tooLarge(
          "function "
              + label
              + " has more than "
              + FunctionCost.MANY_OPERANDS
              + " operands on the stack for more than "
              + FunctionCost.MOST_WITH_MANY_OPERANDS
              + " instructions; keep them in locals or in memory");
    }
  }

  private void instruction(int opcode, int at) {
    cost.instruction(opcode >= 0x28 && opcode <= 0x3E ? 12 : 6, height);
    if (opcode < 0x100 && Op.isPlain(opcode) && opcode != Op.NOP) {
      plain(opcode, at);
      return;
    }
    int before = height;
    switch (opcode) {
      case Op.NOP -> {}
      case Op.UNREACHABLE -> {
        add(opcode, 0, 0, at, before, before);
        unreachable();
      }
      case Op.BLOCK, Op.LOOP, Op.IF -> block(opcode, at);
      case Op.TRY_TABLE -> exceptions.tryTable(at);
      case Op.THROW -> exceptions.raise(at);
      case Op.THROW_REF -> exceptions.raiseReference(at);
      case ExceptionReader.TRY -> exceptions.legacyTry(at);
      case ExceptionReader.CATCH, ExceptionReader.CATCH_ALL -> exceptions.legacyCatch(opcode, at);
      case ExceptionReader.RETHROW -> exceptions.rethrow(at);
      case ExceptionReader.DELEGATE -> exceptions.delegate(at);
      case Op.ELSE -> otherwise(at);
      case Op.END -> end(at);
      case Op.BR -> {
        Block target = label();
        pop(target.labelTypes());
        branch(opcode, target, at, before);
        unreachable();
      }
      case Op.BR_IF -> {
        Block target = label();
        pop(Op.I32);
        pop(target.labelTypes());
        branch(opcode, target, at, before);
        push(target.labelTypes());
      }
      case Op.BR_TABLE -> branchTable(at);
      case Op.RETURN -> {
        pop(signature.results());
        cost.hasReturn = true;
        add(opcode, 0, FunctionCode.FUNCTION, at, before, height);
        unreachable();
      }
      case Op.CALL -> {
        int function = function(in.u32());
        call(opcode, function, 0, module.typeOf(function), at, before);
      }
      case Op.CALL_INDIRECT -> {
        int type = type(in.u32());
        int table = functionTable(opcode);
        call(opcode, type, table, module.types().get(type), at, before);
      }
      case Op.RETURN_CALL -> {
        int function = function(in.u32());
        tailCall(opcode, function, 0, module.typeOf(function), at, before);
      }
      case Op.RETURN_CALL_INDIRECT -> {
        int type = type(in.u32());
        int table = functionTable(opcode);
        tailCall(opcode, type, table, module.types().get(type), at, before);
      }
      case Op.DROP -> {
        byte type = pop();
        add(opcode, type, 0, at, before, height);
      }
      case Op.SELECT -> select(at);
      case Op.SELECT_TYPED -> selectTyped(at);
      case Op.LOCAL_GET -> {
        int local = local();
        add(opcode, local, 0, at, before, before);
        push(locals[local]);
      }
      case Op.LOCAL_SET -> {
        int local = local();
        pop(locals[local]);
        add(opcode, local, 0, at, before, height);
      }
      case Op.LOCAL_TEE -> {
        int local = local();
        pop(locals[local]);
        add(opcode, local, 0, at, before, height);
        push(locals[local]);
      }
      case Op.GLOBAL_GET -> {
        int global = global();
        add(opcode, global, 0, at, before, before);
        push(module.globalTypes()[global]);
      }
      case Op.GLOBAL_SET -> {
        int global = global();
        if (!module.mutableGlobals().get(global)) {
          throw in.malformed("function " + label + " sets the immutable global " + global);
        }
        pop(module.globalTypes()[global]);
        add(opcode, global, 0, at, before, height);
      }
      case Op.TABLE_GET -> {
        int table = table(in.u32());
        pop(Op.I32);
        add(opcode, table, 0, at, before, height);
        push(module.tableTypes()[table]);
      }
      case Op.TABLE_SET -> {
        int table = table(in.u32());
        pop(module.tableTypes()[table]);
        pop(Op.I32);
        add(opcode, table, 0, at, before, height);
      }
      case Op.REF_NULL -> {
        byte type = referenceType();
        add(opcode, 0, 0, at, before, before);
        push(type);
      }
      case Op.REF_IS_NULL -> {
        cost.target(height);
        byte type = pop();
        if (type != ANY && !isReference(type)) {
          throw mismatch("a reference expected, not " + name(type));
        }
        add(opcode, 0, 0, at, before, height);
        push(Op.I32);
      }
      case Op.REF_FUNC -> {
        int function = function(in.u32());
        if (!module.declared().get(function)) {
          throw in.malformed(
              "function "
                  + label
                  + " refers to function "
                  + function
                  + ", undeclared function"
                  + " reference");
        }
        add(opcode, function, 0, at, before, before);
        push(Op.FUNCREF);
      }
      case 0xFC -> prefixed(at);
      default -> throw illegal(opcode);
    }
  }

  int add(int opcode, long value, int second, int at, int before, int taken) {
    if (top().isDead) {
      return LEFT_OUT;
    }
    return code == null ? 0 : code.add(opcode, value, second, at, before, taken);
  }

  private void plain(int opcode, int at) {
    long immediate = 0;
    if (opcode >= Op.I32_LOAD && opcode <= Op.I64_STORE32) {
      long alignment = in.u32();
      if (alignment >= 32) {
        throw alignment >= 64
            ? in.unsupported("function " + label + " names a memory (multi-memory)")
            : in.malformed("function " + label + " has an alignment of 2^" + alignment);
      }
      if (alignment > ACCESS_LOG2[opcode - Op.I32_LOAD]) {
        throw in.malformed("function " + label + ": alignment must not be larger than natural");
      }
      immediate = in.u32();
      number(immediate, 1);
      needMemory();
    } else {
      switch (opcode) {
        case Op.MEMORY_SIZE, Op.MEMORY_GROW -> memoryIndex();
        case Op.I32_CONST -> {
          immediate = in.signed(32);
          constant = Integer.toUnsignedLong((int) immediate);
          number(immediate, 1);
        }
        case Op.I64_CONST -> {
          immediate = in.signed(64);
          number(immediate, 2);
        }
        case Op.F32_CONST -> {
          immediate = in.bits(Float.BYTES);
          cost.constant(immediate ^ FLOAT_KEY, 1);
        }
        case Op.F64_CONST -> {
          immediate = in.bits(Double.BYTES);
          cost.constant(immediate ^ FLOAT_KEY, 2);
        }
        default -> {
          // no immediate
        }
      }
    }
    plain(opcode, immediate, 0, at);
  }

  /** A number that is not in the instruction if it has more than 16 bits. */
  private void number(long value, int entries) {
    if (value != (short) value) {
      cost.constant(value, entries);
    }
  }

  private void plain(int opcode, long immediate, int second, int at) {
    int before = height;
    pop(Op.operands(opcode));
    add(opcode, immediate, second, at, before, height);
    if (Op.result(opcode) != 0) {
      push(Op.result(opcode));
    }
  }

  private void block(int opcode, int at) {
    Signature type = blockType();
    int before = height;
    if (opcode == Op.IF) {
      pop(Op.I32);
    }
    pop(type.parameters());
    int noElse = -1;
    int opener = add(opcode, code == null ? 0 : code.block(type), noElse, at, before, height);
    open(opcode, opener, type, top().isDead);
  }

  Signature blockType() {
    int form = in.peek();
    if (form == BLOCK_VOID) {
      in.u8();
      return VOID;
    }
    if (form > BLOCK_VOID && form < 0x80) {
      return Objects.requireNonNull(RESULT.get(Admission.valueType(in)));
    }
    long index = in.signed(33);
    if (index < 0) {
      throw in.malformed("function " + label + " has a block without a valid type");
    }
    return module.types().get(type(index));
  }

  void checkEnd(Block block) {
    pop(block.type.results());
    if (height != block.base) {
      throw mismatch("operands are left at the end of a block");
    }
  }

  private void otherwise(int at) {
    Block block = top();
    if (block.opcode != Op.IF || block.hasElse) {
      throw in.malformed("function " + label + " has an else without an if");
    }
    checkEnd(block);
    boolean falls = !block.isDead;
    block.hasElse = true;
    block.isUnreachable = false;
    if (block.opener != LEFT_OUT) {
      if (falls) {
        block.isTarget = true;
      }
      block.isDead = false;
      int index = add(Op.ELSE, 0, 0, at, block.base, block.base);
      if (code != null) {
        code.otherwise(block.opener, index, falls);
      }
    }
    push(block.type.parameters());
  }

  private void end(int at) {
    Block block = top();
    checkEnd(block);
    exceptions.beforeEnd(block, at);
    if (block.opcode == Op.IF
        && !block.hasElse
        && !Arrays.equals(block.type.parameters(), block.type.results())) {
      throw mismatch("an if without else must return its parameters");
    }
    close(block, at);
  }

  /** Closes the innermost block. Its results are no longer on the stack. */
  void close(Block block, int at) {
    depth--;
    cost.close(block.opcode == Op.LOOP);
    cost.target(height);
    boolean falls = !block.isDead;
    if (block.opener != LEFT_OUT && code != null) {
      code.end(block.opener, at, block.base, falls);
    }
    if (depth > 0) {
      push(block.type.results());
      boolean continues =
          falls
              || (block.isTarget && block.opcode != Op.LOOP)
              || (block.opener != LEFT_OUT && block.opcode == Op.IF && !block.hasElse);
      if (!continues) {
        top().isDead = true;
      }
    }
  }

  Block label() {
    long index = in.u32();
    if (index >= depth) {
      throw in.malformed("function " + label + " branches to the unknown label " + index);
    }
    return blocks[depth - 1 - (int) index];
  }

  private void branch(int opcode, Block target, int at, int before) {
    if (!top().isDead) {
      target.isTarget = true;
    }
    cost.branch(target.labelTypes().length, height - target.base);
    add(opcode, 0, target.opener, at, before, height);
  }

  private void branchTable(int at) {
    int count = in.count("branch targets", "branchTargets", most(limits.branchTargets()), 1);
    var targets = new Block[count + 1];
    for (int i = 0; i <= count; i++) {
      targets[i] = label();
    }
    int before = height;
    pop(Op.I32);
    byte[] expected = targets[count].labelTypes();
    var openers = new int[count + 1];
    for (int i = 0; i <= count; i++) {
      byte[] types = targets[i].labelTypes();
      if (types.length != expected.length) {
        throw mismatch("the targets of a br_table take different numbers of operands");
      }
      int from = height;
      byte[] kept = Arrays.copyOfRange(stack, Math.max(0, from - types.length), from);
      pop(types);
      int popped = from - height;
      for (int k = kept.length - popped; k < kept.length; k++) {
        push(kept[k]);
      }
      openers[i] = targets[i].opener;
      cost.instruction(4, 0);
      cost.branch(types.length, height - types.length - targets[i].base);
      if (!top().isDead) {
        targets[i].isTarget = true;
      }
    }
    pop(expected);
    cost.table();
    add(Op.BR_TABLE, code == null ? 0 : code.labels(openers), 0, at, before, height);
    unreachable();
  }

  private void call(int opcode, int index, int second, Signature type, int at, int before) {
    cost.instruction(6 * type.results().length + 2 * type.parameters().length, height);
    pop(type.parameters());
    add(opcode, index, second, at, before, height);
    push(type.results());
  }

  /** Reads the table of an indirect call, and pops the index in it. */
  private int functionTable(int opcode) {
    int table = table(in.u32());
    if (module.tableTypes()[table] != Op.FUNCREF) {
      throw mismatch(
          (opcode == Op.CALL_INDIRECT ? "call_indirect" : "return_call_indirect")
              + " needs a table of functions");
    }
    pop(Op.I32);
    return table;
  }

  private void tailCall(int opcode, int index, int second, Signature type, int at, int before) {
    if (!Arrays.equals(type.results(), signature.results())) {
      throw mismatch("a tail call needs a function with the same results");
    }
    pop(type.parameters());
    cost.tailCall(type.parameters().length, type.results().length);
    add(opcode, index, second, at, before, height);
    unreachable();
  }

  private void select(int at) {
    int before = height;
    pop(Op.I32);
    byte one = pop();
    byte other = pop();
    if (isReference(one) || isReference(other)) {
      throw mismatch("select without a type takes numbers");
    }
    if (one != other && one != ANY && other != ANY) {
      throw mismatch("select of " + name(other) + " and " + name(one));
    }
    byte type = one == ANY ? other : one;
    cost.target(height);
    cost.target(height);
    add(Op.SELECT, type, 0, at, before, height);
    push(type);
  }

  private static boolean isReference(byte type) {
    return type == Op.FUNCREF || type == Op.EXTERNREF || type == Op.EXNREF;
  }

  private void selectTyped(int at) {
    int count = in.count("types", "parameters", most(limits.parameters()), 1);
    if (count != 1) {
      throw in.malformed(
          "function "
              + label
              + " has a select with "
              + count
              + " types, invalid"
              + " result arity");
    }
    byte type = code(Admission.valueType(in));
    int before = height;
    pop(Op.I32);
    pop(type);
    pop(type);
    add(Op.SELECT, type, 0, at, before, height);
    push(type);
  }

  private void prefixed(int at) {
    long second = in.u32();
    if (second > Op.TABLE_FILL - Op.PREFIXED) {
      throw in.malformed("function " + label + " has no instruction 0xFC " + second);
    }
    int opcode = Op.PREFIXED + (int) second;
    switch (opcode) {
      case Op.MEMORY_INIT -> {
        int segment = dataSegment();
        memoryIndex();
        bulk(1);
        plain(opcode, segment, 0, at);
      }
      case Op.DATA_DROP -> plain(opcode, dataSegment(), 0, at);
      case Op.MEMORY_COPY -> {
        memoryIndex();
        memoryIndex();
        bulk(1);
        plain(opcode, 0, 0, at);
      }
      case Op.MEMORY_FILL -> {
        memoryIndex();
        bulk(1);
        plain(opcode, 0, 0, at);
      }
      case Op.TABLE_INIT -> {
        int segment = elementSegment();
        int table = table(in.u32());
        if (module.elementTypes()[segment] != module.tableTypes()[table]) {
          throw mismatch("table.init of another type");
        }
        bulk(ELEMENT_BYTES);
        plain(opcode, segment, table, at);
      }
      case Op.ELEM_DROP -> plain(opcode, elementSegment(), 0, at);
      case Op.TABLE_COPY -> {
        int to = table(in.u32());
        int from = table(in.u32());
        if (module.tableTypes()[to] != module.tableTypes()[from]) {
          throw mismatch("table.copy of another type");
        }
        bulk(ELEMENT_BYTES);
        plain(opcode, to, from, at);
      }
      case Op.TABLE_GROW -> {
        int table = table(in.u32());
        bulk(ELEMENT_BYTES);
        int before = height;
        pop(Op.I32);
        pop(module.tableTypes()[table]);
        add(opcode, table, 0, at, before, height);
        push(Op.I32);
      }
      case Op.TABLE_SIZE -> plain(opcode, table(in.u32()), 0, at);
      case Op.TABLE_FILL -> {
        int table = table(in.u32());
        bulk(ELEMENT_BYTES);
        int before = height;
        pop(Op.I32);
        pop(module.tableTypes()[table]);
        pop(Op.I32);
        add(opcode, table, 0, at, before, height);
      }
      default -> plain(opcode, 0, 0, at);
    }
  }

  // Indices ---------------------------------------------------------------------------------------

  private int type(long index) {
    return index("type", index, module.types().size());
  }

  private int function(long index) {
    cost.constant(index ^ FUNCTION_KEY, REFERENCE_ENTRIES);
    return index("function", index, module.functionTypes().length);
  }

  private int table(long index) {
    return index("table", index, module.tableTypes().length);
  }

  private int local() {
    int local = index("local", in.u32(), locals.length);
    cost.local(local);
    return local;
  }

  private int global() {
    int global = index("global", in.u32(), module.globalTypes().length);
    cost.constant(global ^ GLOBAL_KEY, REFERENCE_ENTRIES);
    return global;
  }

  private int dataSegment() {
    if (module.dataSegments() < 0) {
      throw in.malformed("function " + label + " needs a data count section");
    }
    return index("data segment", in.u32(), module.dataSegments());
  }

  private int elementSegment() {
    return index("elem segment", in.u32(), module.elementTypes().length);
  }

  int index(String what, long index, int count) {
    if (index >= count) {
      throw in.malformed(
          "function " + label + " names the unknown " + what + " " + index + " of " + count);
    }
    return (int) index;
  }

  private void needMemory() {
    if (!module.hasMemory()) {
      throw in.malformed("function " + label + " needs a memory: unknown memory 0");
    }
  }

  /** One byte that must be zero. Under multi-memory it is an index. */
  private void memoryIndex() {
    if (in.u8() != 0) {
      throw in.unsupported("function " + label + " names a memory (multi-memory)");
    }
    needMemory();
  }

  private byte referenceType() {
    byte type = code(Admission.valueType(in));
    if (!isReference(type)) {
      throw in.unsupported("a ref.null of a type other than funcref, externref and exnref");
    }
    return type;
  }

  // Limits ----------------------------------------------------------------------------------------

  private int most(int limit) {
    return limited ? limit : Integer.MAX_VALUE;
  }

  /** A bulk operation. Its size is on top of the stack, in units of this many bytes. */
  private void bulk(int unitBytes) {
    if (!limited) {
      return;
    }
    bulkBytes += constant * unitBytes;
    if (bulkBytes > limits.bulkBytes()) {
      throw in.tooLarge(
          "function "
              + label
              + " has bulk operations of "
              + bulkBytes
              + " bytes, the limit is "
              + limits.bulkBytes()
              + EngineLimits.raise("bulkBytes"));
    }
    if (++bulkOperations > limits.bulkOperations()) {
      throw in.tooLarge(
          "function "
              + label
              + " has more bulk operations than the limit, "
              + limits.bulkOperations()
              + EngineLimits.raise("bulkOperations"));
    }
  }

  private ModuleRejectedException illegal(int opcode) {
    String uses = "function " + label + " uses ";
    return switch (opcode) {
      case 0x14, 0x15, 0xD4, 0xD5, 0xD6 -> in.unsupported(uses + "typed function references");
      case 0xD3, 0xFB -> in.unsupported(uses + "garbage collection");
      case 0xFD -> in.unsupported(uses + "SIMD");
      case 0xFE -> in.unsupported(uses + "threads");
      default ->
          in.malformed(
              "function " + label + " has no instruction 0x" + Integer.toHexString(opcode));
    };
  }
}
