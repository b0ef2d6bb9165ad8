package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;
import java.util.function.ToIntFunction;

/**
 * Emits the charges of one method. What is left of the fuel is in a field of the instance.
 *
 * <p>A method with loops takes a part of it into a local, so that its loops need nothing else, and
 * gives back what is left before calls and returns, and when an instruction traps. Nearly always
 * that part is a constant, and HotSpot knows how far a short loop is from needing more. The loops
 * poll when the part is used up.
 */
final class FuelMeter {
  private static final int NO_SLOT = -1;
  private static final String FIELD = "fuel";

  private final CodeBuilder to;
  private final FuelCharges charges;
  private int instance;
  private int left = NO_SLOT;

  /** Where instructions begin whose traps give the local back. Calls are outside of that. */
  private Label guarded;

  private final Label trapped;

  FuelMeter(CodeBuilder to, FuelCharges charges) {
    this.to = to;
    this.charges = charges;
    this.guarded = to.newLabel();
    this.trapped = to.newLabel();
  }

  boolean isOn() {
    return charges.isMetered();
  }

  /** Begins a method. */
  void start(int instanceSlot, boolean hasLoop, ToIntFunction<Kind> allocate) {
    instance = instanceSlot;
    if (isOn() && hasLoop) {
      left = allocate.applyAsInt(Kind.INT);
      to.loadConstant(CompiledFunctions.FUEL_A_POLL).istore(left);
      afterCall();
    }
  }

  /** Ends a method. */
  void finish() {
    if (left != NO_SLOT) {
      endGuarded();
      to.labelBinding(trapped);
      giveBack();
      to.athrow();
    }
  }

  private void endGuarded() {
    to.exceptionCatchAll(guarded, to.newBoundLabel(), trapped);
  }

  /** Directly before the instruction that calls a function or a part. */
  void beforeCall() {
    if (left != NO_SLOT) {
      giveBack();
      endGuarded();
    }
  }

  /** Directly after it. */
  void afterCall() {
    if (left != NO_SLOT) {
      take();
      guarded = to.newBoundLabel();
    }
  }

  /** Directly before a guest's exception is thrown: a handler takes fuel again. */
  void beforeThrow() {
    beforeCall();
  }

  /** Directly after it. */
  void afterThrow() {
    if (left != NO_SLOT) {
      guarded = to.newBoundLabel();
      // The JVM does not allow an empty range.
      to.nop();
    }
  }

  /** Directly before the handler of a guest's exceptions. */
  void beforeHandler() {
    if (left != NO_SLOT) {
      endGuarded();
    }
  }

  /** In the handler, which must not have trapped yet. */
  void caught() {
    afterCall();
  }

  /** Before the method returns. */
  void beforeReturn() {
    if (left != NO_SLOT) {
      giveBack();
    }
  }

  private void giveBack() {
    to.aload(instance).dup().getfield(Names.CODE, FIELD, CD_int).iload(left).iadd();
    to.putfield(Names.CODE, FIELD, CD_int);
  }

  /** Takes as much as is in the local. It stays the same over a call, so that the loop polls. */
  private void take() {
    Label enough = to.newLabel();
    to.aload(instance).dup().getfield(Names.CODE, FIELD, CD_int).iload(left).isub().dup_x1();
    to.putfield(Names.CODE, FIELD, CD_int);
    to.ifge(enough);
    to.iload(left).aload(instance);
    to.invokestatic(Names.CODE, "takeFuel", MethodTypeDesc.of(CD_int, CD_int, Names.CODE));
    to.istore(left).labelBinding(enough);
  }

  /**
   * Charges what the function's first block costs.
   *
   * @param line notes the place for backtraces
   */
  void enter(Runnable line) {
    if (isOn()) {
      count(charges.counterAtStart());
      charge(charges.atStart(), true, line);
    }
  }

  /** Counts that a block runs. */
  private void count(int counter) {
    if (counter != FuelCharges.NO_COUNTER) {
      to.aload(instance).getfield(Names.CODE, "counts", CD_long.arrayType());
      to.loadConstant(counter).dup2().laload().lconst_1().ladd().lastore();
    }
  }

  /** Charges what follows after an instruction. */
  void after(int index, Runnable line) {
    count(charges.counterAfter(index));
    if (charges.after(index) != 0) {
      charge(charges.after(index), charges.isChecked(index), line);
    }
  }

  private void charge(int units, boolean isChecked, Runnable line) {
    if (left == NO_SLOT) {
      to.aload(instance).dup().getfield(Names.CODE, FIELD, CD_int).loadConstant(units).isub();
      if (isChecked) {
        to.dup_x1();
      }
      to.putfield(Names.CODE, FIELD, CD_int);
    } else {
      if (units <= Short.MAX_VALUE) {
        to.iinc(left, -units);
      } else {
        to.iload(left).loadConstant(units).isub().istore(left);
      }
      if (isChecked) {
        to.iload(left);
      }
    }
    if (isChecked) {
      Label goOn = to.newLabel();
      to.ifge(goOn);
      line.run();
      check();
      to.labelBinding(goOn);
    }
  }

  /** Less than nothing is left here. */
  private void check() {
    if (left == NO_SLOT) {
      to.aload(instance);
      to.invokestatic(Names.CODE, "checkFuel", MethodTypeDesc.of(CD_void, Names.CODE));
    } else {
      to.iload(left).aload(instance);
      to.invokestatic(Names.CODE, "refuel", MethodTypeDesc.of(CD_int, CD_int, Names.CODE));
      to.istore(left);
    }
  }

  /**
   * Before a bulk operation: charges its size, which is on top of the stack.
   *
   * @param index its index in the function
   * @param table of a TABLE_GROW
   */
  void bulk(int index, int op, int table) {
    if (!isOn()) {
      return;
    }
    switch (op) {
      case Op.MEMORY_COPY,
          Op.MEMORY_FILL,
          Op.MEMORY_INIT,
          Op.TABLE_COPY,
          Op.TABLE_FILL,
          Op.TABLE_INIT -> {
        to.dup();
        to.invokestatic(Names.CODE, "fuelOfBulk", MethodTypeDesc.of(CD_int, CD_int));
      }
      case Op.MEMORY_GROW -> {
        to.dup().aload(instance);
        to.invokestatic(Names.CODE, "fuelOfGrowth", MethodTypeDesc.of(CD_int, CD_int, Names.CODE));
      }
      case Op.TABLE_GROW -> {
        to.dup().loadConstant(table).aload(instance);
        to.invokestatic(
            Names.CODE, "fuelOfTableGrowth", MethodTypeDesc.of(CD_int, CD_int, CD_int, Names.CODE));
      }
      default -> {
        return;
      }
    }
    if (charges.bulkCounter(index) != FuelCharges.NO_COUNTER) {
      to.dup().loadConstant(charges.bulkCounter(index)).aload(instance);
      to.invokestatic(
          Names.CODE, "countBulk", MethodTypeDesc.of(CD_void, CD_int, CD_int, Names.CODE));
    }
    if (left == NO_SLOT) {
      to.aload(instance);
      to.invokestatic(Names.CODE, "charge", MethodTypeDesc.of(CD_void, CD_int, Names.CODE));
    } else {
      Label goOn = to.newLabel();
      to.iload(left).swap().isub().dup().istore(left).ifge(goOn);
      check();
      to.labelBinding(goOn);
    }
  }
}
