package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.constant.MethodTypeDesc;
import java.util.function.ToIntFunction;

/**
 * Emits the charges of one method. What is left of the fuel is in a field of the instance. A method
 * with loops has it in a local: it stores the local before calls and returns, loads it again after
 * calls, and also stores it when an instruction traps. Calls are outside of that handler, because
 * there the field is right and the local is not.
 */
final class FuelMeter {
  private static final int NO_SLOT = -1;
  private static final String FIELD = "fuel";
  private static final MethodTypeDesc CHECK = MethodTypeDesc.of(CD_void, Names.CODE);

  private final CodeBuilder to;
  private final FuelCharges charges;
  private int instance;
  private int left = NO_SLOT;

  /** Where instructions begin whose traps store the local. */
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
      load();
      to.labelBinding(guarded);
    }
  }

  /** Ends a method. */
  void finish() {
    if (left != NO_SLOT) {
      endGuarded();
      to.labelBinding(trapped);
      store();
      to.athrow();
    }
  }

  private void endGuarded() {
    Label end = to.newBoundLabel();
    to.exceptionCatchAll(guarded, end, trapped);
  }

  /**
   * Charges what the function's first block costs.
   *
   * @param line notes the place for backtraces
   */
  void enter(Runnable line) {
    if (isOn()) {
      charge(charges.atStart(), true, line);
    }
  }

  /** Charges what follows after an instruction. */
  void after(int index, Runnable line) {
    if (charges.after(index) > 0) {
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
      beforeReturn();
      to.aload(instance).invokestatic(Names.CODE, "refuel", CHECK);
      reload();
      to.labelBinding(goOn);
    }
  }

  /** Directly before the instruction that calls a function or a part. */
  void beforeCall() {
    if (left != NO_SLOT) {
      store();
      endGuarded();
    }
  }

  /** Directly after it. */
  void afterCall() {
    if (left != NO_SLOT) {
      guarded = to.newBoundLabel();
      load();
    }
  }

  /** Before the method returns. */
  void beforeReturn() {
    if (left != NO_SLOT) {
      store();
    }
  }

  private void store() {
    to.aload(instance).iload(left).putfield(Names.CODE, FIELD, CD_int);
  }

  private void reload() {
    if (left != NO_SLOT) {
      load();
    }
  }

  private void load() {
    to.aload(instance).getfield(Names.CODE, FIELD, CD_int).istore(left);
  }

  /** Before a bulk operation: charges its size, which is on top of the stack. */
  void bulk(int op, int table) {
    if (!isOn()) {
      return;
    }
    switch (op) {
      case Op.MEMORY_COPY, Op.MEMORY_FILL, Op.MEMORY_INIT -> size("chargeBytes");
      case Op.TABLE_COPY, Op.TABLE_FILL, Op.TABLE_INIT -> size("chargeElements");
      case Op.MEMORY_GROW -> size("chargeGrowth");
      case Op.TABLE_GROW -> {
        beforeReturn();
        to.dup().loadConstant(table).aload(instance);
        to.invokestatic(
            Names.CODE,
            "chargeTableGrowth",
            MethodTypeDesc.of(CD_void, CD_int, CD_int, Names.CODE));
        reload();
      }
      default -> {
        // Its size is one.
      }
    }
  }

  private void size(String method) {
    beforeReturn();
    to.dup().aload(instance);
    to.invokestatic(Names.CODE, method, MethodTypeDesc.of(CD_void, CD_int, Names.CODE));
    reload();
  }
}
