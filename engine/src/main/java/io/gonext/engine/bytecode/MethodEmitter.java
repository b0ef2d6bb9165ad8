package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Emits the JVM method of one part of a function. The guest's operands are on the JVM's stack, its
 * locals in the JVM's locals.
 *
 * <p>A line number is the distance of an instruction that can trap or call; see {@link
 * CompiledFunctions#distance}.
 */
final class MethodEmitter {
  /** Between two polls for interrupts, a loop runs about as many instructions. */
  static final int INSTRUCTIONS_A_POLL = 20_000;

  /** A function with fewer instructions, and without loops and calls, does not poll. */
  private static final int SMALL_FUNCTION = 100;

  private static final int NO_SLOT = -1;

  /** The instructions of {@link #isNarrowSum}. */
  private static final int NARROW_SUM = 4;

  final CodeBuilder to;
  final FunctionCode code;
  final ModuleShape module;
  final Names names;
  final Spill spill;
  private final TailCalls tailCalls;
  final Part part;
  final Accesses accesses;
  final FuelMeter fuel;
  private final Tries tries;
  private final PartCalls partCalls;
  private final int position;

  final OperandTypes types = new OperandTypes();
  private final List<Frame> frames = new ArrayList<>();
  private final Map<Integer, Frame> frameOf = new HashMap<>();

  /** The slot of each local, or {@link #NO_SLOT}. */
  private final int[] slots;

  /** The slots from this one on are free. */
  int slotsUsed;

  int instance;
  private int budget = NO_SLOT;

  /** Whether control reaches the next instruction. */
  boolean live = true;

  /** An open block. */
  static final class Frame {
    final int opener;
    final Label label;

    /** The height of the stack below its parameters, counted in this method. */
    final int base;

    final byte[] labelTypes;

    /** For an IF: where its else begins. */
    @Nullable Label otherwise;

    /** Whether a branch goes to its label. */
    boolean isTarget;

    Frame(int opener, Label label, int base, byte[] labelTypes) {
      this.opener = opener;
      this.label = label;
      this.base = base;
      this.labelTypes = labelTypes;
    }
  }

  private MethodEmitter(
      CodeBuilder to,
      FunctionCode code,
      Part part,
      ModuleShape module,
      Names names,
      Spill spill,
      TailCalls tailCalls,
      FuelCharges charges) {
    this.to = to;
    this.code = code;
    this.part = part;
    this.module = module;
    this.names = names;
    this.spill = spill;
    this.tailCalls = tailCalls;
    this.slots = new int[code.locals.length];
    this.position = part.position;
    Arrays.fill(slots, NO_SLOT);
    this.accesses = new Accesses(to);
    this.fuel = new FuelMeter(to, charges);
    this.tries = new Tries(this);
    this.partCalls = new PartCalls(this, tries);
  }

  /** Emits the method's code. */
  static void emit(
      CodeBuilder to,
      FunctionCode code,
      Part part,
      ModuleShape module,
      Names names,
      Spill spill,
      TailCalls tailCalls,
      FuelCharges charges) {
    new MethodEmitter(to, code, part, module, names, spill, tailCalls, charges).method();
  }

  // The method ------------------------------------------------------------------------------------

  private void method() {
    if (part.isFunction()) {
      functionStart();
    } else {
      partStart();
    }
    boolean hasLoop = false;
    boolean hasCall = false;
    boolean reads = false;
    boolean writes = false;
    int instructions = 0;
    for (int i = part.from; i < part.to; i = nextHere(i)) {
      int op = code.op[i];
      if (part.children.containsKey(i)) {
        hasCall |= part.children.get(i).replacesMemory;
        continue;
      }
      boolean isCall = op == Op.CALL || op == Op.CALL_INDIRECT || op == Op.RESUME;
      hasLoop |= op == Op.LOOP;
      hasCall |= isCall;
      instructions += isCall ? SMALL_FUNCTION : 1;
      reads |= Op.isLoad(op);
      writes |= Op.isStore(op);
    }
    fuel.start(instance, hasLoop, this::allocate);
    if (part.isFunction()) {
      fuel.enter(() -> line(part.from));
    }
    if (hasCall || hasLoop || instructions > SMALL_FUNCTION) {
      to.loadConstant(
              hasLoop
                  ? CompiledFunctions.MOST_AT_START
                  : Math.min(instructions, CompiledFunctions.MOST_AT_START))
          .aload(instance)
          .invokestatic(Names.CODE, "enter", Names.ENTER);
    }
    if (hasLoop && !fuel.isOn()) {
      budget = allocate(Kind.INT);
      to.loadConstant(INSTRUCTIONS_A_POLL).istore(budget);
    }
    accesses.start(instance, reads || writes, writes, this::allocate);
    tries.begin();
    range();
    if (live && !part.isFunction()) {
      partCalls.exit(Part.FALL);
    }
    partCalls.end();
    fuel.finish();
    tries.end();
  }

  /** The next instruction of this method, child parts skipped. */
  private int nextHere(int index) {
    Part child = part.children.get(index);
    return child == null ? index + 1 : child.to;
  }

  private void functionStart() {
    byte[] parameters = code.signature.parameters();
    boolean isWide = Names.isWide(code.signature);
    int slot = 0;
    if (!isWide) {
      for (int i = 0; i < parameters.length; i++) {
        slots[i] = slot;
        slot += Kind.of(parameters[i]).slots();
      }
    }
    instance = slot;
    slotsUsed = slot + 1;
    if (isWide) {
      Spill.Cursor cursor = spill.cursor();
      for (int i = 0; i < parameters.length; i++) {
        load(cursor.field(Kind.of(parameters[i])), Kind.of(parameters[i]));
        store(i);
      }
    }
    for (int local : part.inputs) {
      zero(Kind.of(code.locals[local]));
      store(local);
    }
  }

  private void partStart() {
    boolean isWide = PartSignature.isWide(code, part);
    int slot = 0;
    var operandSlots = new int[part.operands.length];
    if (!isWide) {
      for (int i = 0; i < operandSlots.length; i++) {
        operandSlots[i] = slot;
        slot += Kind.of(part.operands[i]).slots();
      }
      for (int local : part.inputs) {
        slots[local] = slot;
        slot += Kind.of(code.locals[local]).slots();
      }
    }
    instance = slot;
    slotsUsed = slot + 1;
    Spill.Cursor cursor = spill.cursor();
    for (int i = 0; i < operandSlots.length; i++) {
      Kind kind = Kind.of(part.operands[i]);
      if (isWide) {
        load(cursor.field(kind), kind);
      } else {
        to.loadLocal(kind.type, operandSlots[i]);
      }
    }
    if (isWide) {
      for (int local : part.inputs) {
        Kind kind = Kind.of(code.locals[local]);
        load(cursor.field(kind), kind);
        store(local);
      }
    }
    types.push(part.operands);
    if (part.returnsExit()) {
      // Not every exit's path sets every output.
      for (int local : part.outputs) {
        if (slots[local] == NO_SLOT) {
          zero(Kind.of(code.locals[local]));
          store(local);
        }
      }
    }
  }

  private void range() {
    for (int i = part.from; i < part.to; ) {
      Part child = part.children.get(i);
      if (child != null) {
        partCalls.call(code, child, i);
        i = child.to;
      } else {
        i = instruction(i);
        if (live) {
          int last = i - 1;
          fuel.after(last, () -> line(last));
        }
      }
    }
  }

  // Locals and spilled values ---------------------------------------------------------------------

  int allocate(Kind kind) {
    int slot = slotsUsed;
    slotsUsed += kind.slots();
    return slot;
  }

  private int slot(int local) {
    if (slots[local] == NO_SLOT) {
      slots[local] = allocate(Kind.of(code.locals[local]));
    }
    return slots[local];
  }

  void loadLocal(int local) {
    to.loadLocal(Kind.of(code.locals[local]).type, slot(local));
  }

  void store(int local) {
    to.storeLocal(Kind.of(code.locals[local]).type, slot(local));
  }

  private void zero(Kind kind) {
    switch (kind) {
      case INT -> to.iconst_0();
      case LONG -> to.lconst_0();
      case FLOAT -> to.fconst_0();
      case DOUBLE -> to.dconst_0();
      case REFERENCE -> to.aconst_null();
    }
  }

  /** Pushes a spilled value. */
  void load(String field, Kind kind) {
    to.aload(instance).getfield(names.main, field, kind.descriptor);
  }

  /** Pops a value into a field. */
  void spill(String field, Kind kind) {
    to.aload(instance);
    if (kind.slots() == 2) {
      to.dup_x2().pop();
    } else {
      to.swap();
    }
    to.putfield(names.main, field, kind.descriptor);
  }

  /** Pops values into their fields, but for the first few, which stay. */
  void spill(List<String> fields, List<Kind> kinds, int first) {
    for (int i = fields.size() - 1; i >= first; i--) {
      spill(fields.get(i), kinds.get(i));
    }
  }

  void spillLocal(int local, String field, Kind kind) {
    to.aload(instance);
    loadLocal(local);
    to.putfield(names.main, field, kind.descriptor);
  }

  void pop(Kind kind) {
    if (kind.slots() == 2) {
      to.pop2();
    } else {
      to.pop();
    }
  }

  void line(int index) {
    to.lineNumber(CompiledFunctions.line(code.position[index] - position));
  }

  void neverHere() {
    to.aconst_null().athrow();
    live = false;
  }

  // Control ---------------------------------------------------------------------------------------

  /** Emits an instruction and what is merged with it. Returns the index of the next one. */
  private int instruction(int i) {
    int op = code.op[i];
    switch (op) {
      case Op.BLOCK -> open(i);
      case Op.LOOP -> loop(i);
      case Op.TRY_TABLE -> tries.open(open(i));
      case Op.THROW, Op.THROW_REF -> {
        line(i);
        tries.raise(i);
        live = false;
      }
      case Op.IF -> {
        types.pop(1);
        ifBlock(i, Opcode.IFEQ);
      }
      case Op.ELSE -> otherwise();
      case Op.END -> end(i);
      case Op.BR, Op.RETURN -> {
        branch(code.targets(i)[0]);
        live = false;
      }
      case Op.RETURN_CALL, Op.RETURN_CALL_INDIRECT -> {
        line(i);
        tailCall(i);
      }
      case Op.BR_IF -> {
        types.pop(1);
        branchIf(code.extra[i], Opcode.IFNE, Opcode.IFEQ);
      }
      case Op.BR_TABLE -> branchTable(i);
      case Op.RESUME -> {
        FunctionCode.Resumption resumption = code.resumption();
        partCalls.call(resumption.code(), resumption.loop(), i);
      }
      case Op.UNREACHABLE -> {
        line(i);
        to.invokestatic(Names.CODE, "unreachable", MethodTypeDesc.of(Names.FAILURE)).athrow();
        live = false;
      }
      default -> {
        if (Op.isCompare(op)) {
          return compare(i);
        }
        if (isNarrowSum(i)) {
          to.loadConstant((int) code.immediate[i + 1]).iadd();
          return i + NARROW_SUM;
        }
        plain(i);
        types.apply(code, i, module);
      }
    }
    return i + 1;
  }

  private Frame open(int opener) {
    int parameters = code.blockType(opener).parameters().length;
    var frame =
        new Frame(opener, to.newLabel(), types.height() - parameters, code.labelTypes(opener));
    frames.add(frame);
    frameOf.put(opener, frame);
    return frame;
  }

  private void loop(int opener) {
    accesses.beforeLoop(opener, hasAccess(opener));
    Frame frame = open(opener);
    frame.isTarget = true;
    to.labelBinding(frame.label);
    if (!fuel.isOn()) {
      poll(opener);
    }
  }

  private void poll(int opener) {
    Label goOn = to.newLabel();
    to.iinc(budget, -loopCost(opener)).iload(budget).ifge(goOn);
    line(opener);
    to.invokestatic(Names.CODE, "poll", MethodTypeDesc.of(CD_void));
    to.loadConstant(INSTRUCTIONS_A_POLL).istore(budget);
    to.labelBinding(goOn);
  }

  private boolean hasAccess(int opener) {
    return code.accessesBefore(code.partner[opener]) > code.accessesBefore(opener);
  }

  /** About how many instructions one round of a loop has, inner loops once. */
  private int loopCost(int opener) {
    return Math.min(code.partner[opener] - opener, INSTRUCTIONS_A_POLL / 2);
  }

  private void ifBlock(int opener, Opcode jumpIfNot) {
    Frame frame = open(opener);
    frame.otherwise = to.newLabel();
    to.branch(jumpIfNot, frame.otherwise);
    accesses.open(opener);
  }

  private void otherwise() {
    Frame frame = frames.getLast();
    if (live) {
      to.goto_(frame.label);
      frame.isTarget = true;
    }
    accesses.otherwise(frame.opener, live);
    to.labelBinding(Objects.requireNonNull(frame.otherwise));
    frame.otherwise = null;
    types.cut(frame.base);
    types.push(code.blockType(frame.opener).parameters());
    live = true;
  }

  private void end(int index) {
    int opener = code.extra[index];
    if (opener == FunctionCode.FUNCTION) {
      if (live) {
        branch(FunctionCode.FUNCTION);
      }
      live = false;
      return;
    }
    Frame frame = frames.removeLast();
    frameOf.remove(opener);
    if (code.op[opener] == Op.LOOP) {
      if (live) {
        types.cut(frame.base);
        types.push(code.blockType(opener).results());
      }
      return;
    }
    if (code.op[opener] == Op.TRY_TABLE) {
      live = tries.close(frame, live);
    }
    boolean hasNoElse = frame.otherwise != null;
    accesses.end(opener, live, hasNoElse);
    if (hasNoElse) {
      to.labelBinding(Objects.requireNonNull(frame.otherwise));
    }
    to.labelBinding(frame.label);
    live |= frame.isTarget || hasNoElse;
    types.cut(frame.base);
    types.push(code.blockType(opener).results());
  }

  /** The block in this method, or null. */
  @Nullable Frame frame(int target) {
    return frameOf.get(target);
  }

  /** Whether a branch is only a jump. */
  boolean isJump(@Nullable Frame frame) {
    return frame != null && types.height() == frame.base + frame.labelTypes.length;
  }

  /** Branches always. The types stay as they are. */
  void branch(int target) {
    Frame frame = frame(target);
    if (frame == null) {
      if (part.isFunction()) {
        returnResults();
      } else {
        partCalls.exit(code.number(target));
      }
      return;
    }
    if (code.op[target] == Op.LOOP) {
      accesses.beforeBackwardBranch(target);
    } else {
      accesses.branch(target);
    }
    frame.isTarget = true;
    if (!isJump(frame)) {
      dropBelow(frame.labelTypes.length, frame.base);
    }
    to.goto_(frame.label);
  }

  /** Drops the operands between {@code base} and the topmost {@code kept}. */
  private void dropBelow(int kept, int base) {
    int height = types.height();
    int free = slotsUsed;
    var temporary = new int[kept];
    for (int i = kept - 1; i >= 0; i--) {
      Kind kind = Kind.of(types.at(height - kept + i));
      temporary[i] = allocate(kind);
      to.storeLocal(kind.type, temporary[i]);
    }
    for (int i = height - kept - 1; i >= base; i--) {
      pop(Kind.of(types.at(i)));
    }
    for (int i = 0; i < kept; i++) {
      to.loadLocal(Kind.of(types.at(height - kept + i)).type, temporary[i]);
    }
    slotsUsed = free;
  }

  private void returnResults() {
    fuel.beforeReturn();
    byte[] results = code.signature.results();
    if (results.length == 0) {
      to.return_();
      return;
    }
    List<Kind> kinds = PartSignature.kinds(results);
    List<Kind> more = kinds.subList(1, kinds.size());
    spill(spill.cursor().fields(more), more, 0);
    to.return_(kinds.getFirst().type);
  }

  /** Branches if the JVM's condition holds; its operands are on the stack. */
  private void branchIf(int target, Opcode jump, Opcode jumpIfNot) {
    Frame frame = frame(target);
    boolean isLoop = frame != null && code.op[target] == Op.LOOP;
    if (isJump(frame) && (!isLoop || !accesses.mustLoadBefore(target))) {
      Frame jumped = Objects.requireNonNull(frame);
      if (!isLoop) {
        accesses.branch(target);
      }
      jumped.isTarget = true;
      to.branch(jump, jumped.label);
      return;
    }
    Label goOn = to.newLabel();
    to.branch(jumpIfNot, goOn);
    boolean stale = accesses.isStale();
    branch(target);
    accesses.setStale(stale);
    to.labelBinding(goOn);
  }

  private void branchTable(int index) {
    types.pop(1);
    int[] targets = code.labelsOf(index);
    int[] distinct = Arrays.stream(targets).distinct().toArray();
    if (partCalls.hasManyExits(targets, distinct)) {
      partCalls.exitTable(index, targets);
      return;
    }
    var labels = new Label[distinct.length];
    var isDirect = new boolean[distinct.length];
    for (int i = 0; i < distinct.length; i++) {
      Frame frame = frame(distinct[i]);
      isDirect[i] = isJump(frame) && code.op[distinct[i]] != Op.LOOP;
      if (isDirect[i]) {
        Frame jumped = Objects.requireNonNull(frame);
        jumped.isTarget = true;
        accesses.branch(distinct[i]);
        labels[i] = jumped.label;
      } else {
        labels[i] = to.newLabel();
      }
    }
    List<SwitchCase> cases = new ArrayList<>();
    for (int i = 0; i < targets.length - 1; i++) {
      cases.add(SwitchCase.of(i, labels[indexOf(distinct, targets[i])]));
    }
    Label otherwise = labels[indexOf(distinct, targets[targets.length - 1])];
    if (cases.isEmpty()) {
      to.pop().goto_(otherwise);
    } else {
      to.tableswitch(0, cases.size() - 1, otherwise, cases);
    }
    boolean stale = accesses.isStale();
    for (int i = 0; i < distinct.length; i++) {
      if (!isDirect[i]) {
        to.labelBinding(labels[i]);
        accesses.setStale(stale);
        branch(distinct[i]);
      }
    }
    live = false;
  }

  private static int indexOf(int[] values, int value) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] == value) {
        return i;
      }
    }
    throw new IllegalArgumentException("not among the targets: " + value);
  }

  /**
   * Whether an i32 is extended, a constant added, and the sum wrapped to an i32: as one addition of
   * i32 it is the same. Go's compiler emits every address on its stack in this way.
   */
  private boolean isNarrowSum(int i) {
    if (i + NARROW_SUM > part.to
        || (code.op[i] != Op.I64_EXTEND_I32_U && code.op[i] != Op.I64_EXTEND_I32_S)
        || code.op[i + 1] != Op.I64_CONST
        || code.op[i + 2] != Op.I64_ADD
        || code.op[i + 3] != Op.I32_WRAP_I64) {
      return false;
    }
    for (int within = i + 1; within < i + NARROW_SUM; within++) {
      if (part.children.containsKey(within)) {
        return false;
      }
    }
    return true;
  }

  // Comparisons -----------------------------------------------------------------------------------

  /** Emits a comparison together with the branch or select that it decides. */
  private int compare(int index) {
    boolean holds = true;
    int user = index + 1;
    while (user < part.to && code.op[user] == Op.I32_EQZ && !part.children.containsKey(user)) {
      holds = !holds;
      user++;
    }
    int op = user < part.to && !part.children.containsKey(user) ? code.op[user] : Op.NOP;
    Compare compare = Compare.of(code.op[index]);
    compare.prepare(to);
    types.apply(code, index, module);
    Opcode jump = holds ? compare.jump() : compare.jumpIfNot();
    Opcode jumpIfNot = holds ? compare.jumpIfNot() : compare.jump();
    switch (op) {
      case Op.IF -> {
        types.pop(1);
        ifBlock(user, jumpIfNot);
      }
      case Op.BR_IF -> {
        types.pop(1);
        branchIf(code.extra[user], jump, jumpIfNot);
      }
      case Op.SELECT -> {
        select((byte) code.immediate[user], jump);
        types.pop(2);
      }
      default -> {
        truth(jump);
        return user;
      }
    }
    return user + 1;
  }

  private void truth(Opcode jump) {
    Label yes = to.newLabel();
    Label done = to.newLabel();
    to.branch(jump, yes).iconst_0().goto_(done).labelBinding(yes).iconst_1().labelBinding(done);
  }

  /** Keeps the deeper of the two topmost operands if the condition holds, else the upper one. */
  private void select(byte type, Opcode jump) {
    Label first = to.newLabel();
    Label done = to.newLabel();
    to.branch(jump, first);
    if (Kind.of(type).slots() == 2) {
      to.dup2_x2().pop2().pop2().goto_(done).labelBinding(first).pop2().labelBinding(done);
    } else {
      to.swap().pop().goto_(done).labelBinding(first).pop().labelBinding(done);
    }
  }

  // Everything else -------------------------------------------------------------------------------

  private void plain(int i) {
    int op = code.op[i];
    long immediate = code.immediate[i];
    if (Op.isLoad(op) || Op.isStore(op)) {
      line(i);
      if (immediate > Integer.MAX_VALUE) {
        beyondMemory(op, immediate);
      } else if (Op.isLoad(op)) {
        accesses.load(op, (int) immediate);
      } else {
        accesses.store(op, (int) immediate);
      }
      return;
    }
    if (Arithmetic.emit(to, op, () -> line(i))) {
      code.nanBits().settle(to, i);
      return;
    }
    switch (op) {
      case Op.NOP -> {}
      case Op.I32_CONST -> to.loadConstant((int) immediate);
      case Op.I64_CONST -> to.loadConstant(immediate);
      case Op.F32_CONST -> Arithmetic.constant(to, Float.intBitsToFloat((int) immediate));
      case Op.F64_CONST -> Arithmetic.constant(to, Double.longBitsToDouble(immediate));
      case Op.DROP -> pop(Kind.of(types.peek()));
      case Op.SELECT -> select((byte) immediate, Opcode.IFNE);
      case Op.LOCAL_GET -> {
        loadLocal((int) immediate);
        code.nanBits().settle(to, i);
      }
      case Op.LOCAL_SET -> store((int) immediate);
      case Op.LOCAL_TEE -> {
        if (Kind.of(types.peek()).slots() == 2) {
          to.dup2();
        } else {
          to.dup();
        }
        store((int) immediate);
      }
      case Op.GLOBAL_GET -> globalGet((int) immediate);
      case Op.GLOBAL_SET -> globalSet((int) immediate);
      case Op.CALL -> {
        line(i);
        call((int) immediate);
      }
      case Op.CALL_INDIRECT -> {
        line(i);
        int type = module.firstEqual()[(int) immediate];
        callIndirect(type, code.extra[i]);
      }
      case Op.REF_NULL -> to.aconst_null();
      case Op.REF_IS_NULL -> truth(Opcode.IFNULL);
      default -> {
        line(i);
        fuel.bulk(i, op, (int) immediate);
        Bulk.emit(to, op, (int) immediate, code.extra[i], instance);
        if (op == Op.MEMORY_GROW) {
          accesses.replaced();
        }
      }
    }
  }

  /** An access that is out of bounds whatever its base is. It traps, but the JVM does not know. */
  private void beyondMemory(int op, long offset) {
    if (Op.isStore(op)) {
      pop(Kind.of(types.peek()));
    }
    to.loadConstant(offset)
        .invokestatic(
            Names.CODE, "beyondMemory", MethodTypeDesc.of(CD_void, CD_int, ConstantDescs.CD_long));
    if (Op.isLoad(op)) {
      zero(Kind.of(Op.result(op)));
    }
  }

  private void globalGet(int index) {
    byte type = module.globalTypes()[index];
    if (module.sharedGlobals().get(index)) {
      SharedGlobals.get(to, index, Kind.of(type), instance);
    } else {
      load(Names.globalField(index), Kind.of(type));
    }
  }

  private void globalSet(int index) {
    Kind kind = Kind.of(module.globalTypes()[index]);
    if (module.sharedGlobals().get(index)) {
      SharedGlobals.set(to, index, kind, instance);
    } else {
      spill(Names.globalField(index), kind);
    }
  }

  private void call(int function) {
    Signature type = module.typeOf(function);
    spillWide(type);
    fuel.beforeCall();
    to.aload(instance)
        .invokestatic(names.owner(function), names.callee(function), names.descriptor(type));
    fuel.afterCall();
    moreResults(type);
    accesses.replaced();
  }

  private void callIndirect(int type, int table) {
    Signature signature = module.types().get(type);
    if (Names.isWide(signature)) {
      int free = slotsUsed;
      int index = allocate(Kind.INT);
      to.istore(index);
      spillWide(signature);
      to.iload(index);
      slotsUsed = free;
    }
    fuel.beforeCall();
    to.aload(instance)
        .invokestatic(names.main, names.indirect(type, table), names.indirectDescriptor(signature));
    fuel.afterCall();
    moreResults(signature);
    accesses.replaced();
  }

  /** Tells the caller what to call in place of this function, and returns any results. */
  private void tailCall(int index) {
    Signature type = tailCalls.callee(code, index);
    List<String> fields =
        tailCalls.arguments.cursor().fields(PartSignature.kinds(type.parameters()));
    tailCalls.target(to, code, index, instance);
    spill(fields, PartSignature.kinds(type.parameters()), 0);
    types.pop(code.height[index] - code.low[index]);
    for (byte result : type.results()) {
      zero(Kind.of(result));
      types.push(result);
    }
    branch(FunctionCode.FUNCTION);
    live = false;
  }

  private void spillWide(Signature type) {
    if (Names.isWide(type)) {
      List<Kind> kinds = PartSignature.kinds(type.parameters());
      spill(spill.cursor().fields(kinds), kinds, 0);
    }
  }

  private void moreResults(Signature type) {
    Spill.Cursor cursor = spill.cursor();
    for (int i = 1; i < type.results().length; i++) {
      Kind kind = Kind.of(type.results()[i]);
      load(cursor.field(kind), kind);
    }
  }
}
