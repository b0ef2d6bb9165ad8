package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;

import io.gonext.engine.bytecode.MethodEmitter.Frame;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Emits what one method has of calls between parts: how it leaves its own part, how it calls
 * others, and where it goes on by the exit that they took.
 */
final class PartCalls {
  private static final int NO_SLOT = -1;

  /** With so many exits, a br_table becomes a table of their numbers. */
  private static final int MANY_EXITS = 8;

  /** A string in a class has at most 65,535 bytes, at most three for a character. */
  private static final int MOST_TABLE = 20_000;

  /** Larger characters are not characters by themselves. */
  private static final int MOST_NUMBER = Character.MIN_SURROGATE;

  private final MethodEmitter method;
  private final CodeBuilder to;
  private final FunctionCode code;
  private final Part part;
  private final Names names;
  private final Spill spill;
  private final OperandTypes types;
  private final Accesses accesses;
  private final FuelMeter fuel;
  private final Tries tries;

  /** Where the method puts its outputs into fields. Only the exit's number is on the stack. */
  private final Label leave;

  /** Whether a branch goes there. */
  private boolean isLeaving;

  PartCalls(MethodEmitter method, Tries tries) {
    this.method = method;
    this.to = method.to;
    this.code = method.code;
    this.part = method.part;
    this.names = method.names;
    this.spill = method.spill;
    this.types = method.types;
    this.accesses = method.accesses;
    this.fuel = method.fuel;
    this.tries = tries;
    this.leave = to.newLabel();
  }

  /** Leaves this part by one of its exits; the exit's values are on the stack. */
  void exit(int number) {
    byte[] values = PartSignature.values(code, part, number);
    if (!part.returnsExit()) {
      onlyExit(values.length);
      return;
    }
    Spill.Cursor cursor = spill.cursor();
    cursor.fields(PartSignature.outputs(code, part));
    method.spill(cursor.fields(PartSignature.kinds(values)), PartSignature.kinds(values), 0);
    if (part.outputs.length == 0) {
      fuel.beforeReturn();
      to.loadConstant(number).ireturn();
    } else {
      drop(types.height() - values.length);
      to.loadConstant(number).goto_(leave);
      isLeaving = true;
    }
  }

  /** Drops this many operands from the bottom, which are on top of the JVM's stack. */
  private void drop(int height) {
    for (int i = height - 1; i >= 0; i--) {
      method.pop(Kind.of(types.at(i)));
    }
  }

  /** Ends the method: returns with the exit's number on the stack. */
  void end() {
    if (!isLeaving) {
      return;
    }
    to.labelBinding(leave);
    fuel.beforeReturn();
    List<Kind> kinds = PartSignature.outputs(code, part);
    List<String> fields = spill.cursor().fields(kinds);
    for (int i = 0; i < fields.size(); i++) {
      method.spillLocal(part.outputs[i], fields.get(i), kinds.get(i));
    }
    to.ireturn();
  }

  private void onlyExit(int values) {
    fuel.beforeReturn();
    List<Kind> kinds = PartSignature.results(code, part);
    List<String> fields = spill.cursor().fields(kinds);
    method.spill(fields.subList(0, values), kinds, 1);
    for (int i = Math.max(values, 1); i < kinds.size(); i++) {
      method.spillLocal(part.outputs[i - values], fields.get(i), kinds.get(i));
    }
    if (kinds.isEmpty()) {
      to.return_();
      return;
    }
    if (values == 0) {
      method.loadLocal(part.outputs[0]);
    }
    to.return_(kinds.getFirst().type);
  }

  /**
   * Calls a part; its operands are on the stack.
   *
   * @param owner the code that has the part. It has the same locals as this code, and the same
   *     labels around the part
   * @param index the instruction here in whose place the call is
   */
  void call(FunctionCode owner, Part child, int index) {
    if (PartSignature.isWide(owner, child)) {
      spillInputs(owner, child);
    } else {
      for (int local : child.inputs) {
        method.loadLocal(local);
      }
    }
    method.line(index);
    fuel.beforeCall();
    to.aload(method.instance);
    tries.guarded(
        child,
        () ->
            to.invokestatic(
                names.owner(code.function),
                PartSignature.name(owner, child),
                PartSignature.descriptor(owner, child, names)));
    fuel.afterCall();
    types.pop(child.operands.length);
    if (child.replacesMemory) {
      accesses.replaced();
    }
    if (child.exits.isEmpty()) {
      method.neverHere();
    } else if (child.returnsExit()) {
      dispatch(owner, child, index);
    } else {
      takeOnly(owner, child, index);
    }
  }

  private void spillInputs(FunctionCode owner, Part child) {
    List<Kind> kinds = PartSignature.inputs(owner, child);
    List<String> fields = spill.cursor().fields(kinds);
    int operands = child.operands.length;
    method.spill(fields.subList(0, operands), kinds, 0);
    for (int i = operands; i < kinds.size(); i++) {
      method.spillLocal(child.inputs[i - operands], fields.get(i), kinds.get(i));
    }
  }

  /** Takes what a part with one exit leaves; the first value is on the stack. */
  private void takeOnly(FunctionCode owner, Part child, int index) {
    int exit = child.exits.nextSetBit(0);
    byte[] values = PartSignature.values(owner, child, exit);
    List<Kind> kinds = PartSignature.results(owner, child);
    List<String> fields = spill.cursor().fields(kinds);
    for (int i = 1; i < values.length; i++) {
      method.load(fields.get(i), kinds.get(i));
    }
    for (int i = values.length; i < kinds.size(); i++) {
      if (i > 0) {
        method.load(fields.get(i), kinds.get(i));
      }
      method.store(child.outputs[i - values.length]);
    }
    types.push(values);
    if (exit != Part.FALL) {
      method.branch(code.target(index, exit));
      method.live = false;
    }
  }

  /** One of the exits of a part where its caller continues. */
  private record Continuation(int exit, int target, byte[] values, Label label, boolean isDirect) {}

  /** Continues by the number of the exit, which is on the stack. */
  private void dispatch(FunctionCode owner, Part child, int index) {
    Spill.Cursor cursor = spill.cursor();
    List<Kind> kinds = PartSignature.outputs(owner, child);
    List<String> fields = cursor.fields(kinds);
    for (int i = 0; i < fields.size(); i++) {
      method.load(fields.get(i), kinds.get(i));
      method.store(child.outputs[i]);
    }
    proceed(index, child.exits, child.fall, kinds);
  }

  /**
   * Continues at one of several exits, whose number is on the stack.
   *
   * @param from an instruction that all labels are around
   * @param fall the operands with which control goes on after the part
   * @param spilled the kinds of the values that are in fields before the operands
   */
  private void proceed(int from, BitSet exits, byte[] fall, List<Kind> spilled) {
    List<Continuation> here = new ArrayList<>();
    boolean passes = continuations(from, exits, fall, here);
    int free = method.slotsUsed;
    int number = NO_SLOT;
    if (passes) {
      number = method.allocate(Kind.INT);
      to.istore(number);
    }
    Label pass = to.newLabel();
    if (!here.isEmpty()) {
      if (passes) {
        to.iload(number);
      }
      choose(here, passes ? pass : null);
    }
    int height = types.height();
    boolean stale = accesses.isStale();
    if (passes) {
      to.labelBinding(pass);
      drop(height);
      to.iload(number).goto_(leave);
      isLeaving = true;
      method.slotsUsed = free;
    }
    method.live = false;
    for (Continuation each : here) {
      if (!each.isDirect) {
        to.labelBinding(each.label);
        types.cut(height);
        accesses.setStale(stale);
        Spill.Cursor next = spill.cursor();
        next.fields(spilled);
        for (byte type : each.values) {
          method.load(next.field(Kind.of(type)), Kind.of(type));
        }
        types.push(each.values);
        method.live = true;
        if (each.exit != Part.FALL) {
          method.branch(each.target);
          method.live = false;
        }
      }
    }
  }

  /**
   * Collects the exits where this method continues; falling out comes last. Returns whether there
   * are others, which this method only passes on to its own caller.
   */
  private boolean continuations(int from, BitSet exits, byte[] fall, List<Continuation> here) {
    boolean passes = false;
    int target = code.outer(from);
    for (int exit = exits.length() - 1; exit > Part.FALL; exit = exits.previousSetBit(exit - 1)) {
      while (code.number(target) != exit) {
        target = code.outer(target);
      }
      byte[] values = code.labelTypes(target);
      Frame frame = method.frame(target);
      if (frame == null && part.returnsExit() && values.length == 0) {
        passes = true;
        continue;
      }
      boolean isDirect = values.length == 0 && method.isJump(frame) && code.op[target] != Op.LOOP;
      if (isDirect) {
        Frame jumped = Objects.requireNonNull(frame);
        jumped.isTarget = true;
        accesses.branch(target);
        here.add(new Continuation(exit, target, values, jumped.label, true));
      } else {
        here.add(new Continuation(exit, target, values, to.newLabel(), false));
      }
    }
    if (exits.get(Part.FALL)) {
      here.add(new Continuation(Part.FALL, 0, fall, to.newLabel(), false));
    }
    return passes;
  }

  /** Jumps by the number of the exit on the stack. */
  private void choose(List<Continuation> here, @Nullable Label otherwise) {
    Continuation last = here.getLast();
    int ways = here.size() + (otherwise == null ? 0 : 1);
    if (ways == 2) {
      if (last.exit == 0) {
        to.ifeq(last.label);
      } else {
        to.loadConstant(last.exit).if_icmpeq(last.label);
      }
      if (otherwise == null && here.getFirst().isDirect) {
        to.goto_(here.getFirst().label);
      }
      return;
    }
    List<SwitchCase> cases = new ArrayList<>();
    for (Continuation each : here) {
      cases.add(SwitchCase.of(each.exit, each.label));
    }
    cases.sort(Comparator.comparingInt(SwitchCase::caseValue));
    Switches.emit(to, otherwise == null ? last.label : otherwise, cases);
  }

  /** Whether a table of the exits' numbers is smaller than a jump for each exit. */
  boolean hasManyExits(int[] targets, int[] distinct) {
    return part.returnsExit()
        && targets.length <= MOST_TABLE
        && Arrays.stream(distinct).allMatch(target -> code.number(target) < MOST_NUMBER)
        && Arrays.stream(distinct).allMatch(target -> code.labelTypes(target).length == 0)
        && Arrays.stream(distinct).filter(target -> method.frame(target) == null).count()
            >= MANY_EXITS;
  }

  /** Looks the exit's number up in a string, which is the most compact constant of a class. */
  void exitTable(int index, int[] targets) {
    var numbers = new StringBuilder();
    var exits = new BitSet();
    for (int target : targets) {
      int number = code.number(target);
      numbers.append((char) number);
      exits.set(number);
    }
    to.loadConstant(numbers.toString())
        .invokestatic(
            Names.CODE, "exit", MethodTypeDesc.of(CD_int, CD_int, ConstantDescs.CD_String));
    proceed(index, exits, new byte[0], List.of());
    method.live = false;
  }
}
