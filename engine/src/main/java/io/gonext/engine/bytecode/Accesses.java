package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_byte;
import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_short;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Emits one method's loads and stores. The memory's arrays are in locals; what may replace the
 * arrays makes these stale, and the next access loads them again.
 */
final class Accesses {
  private final CodeBuilder to;

  private int instance;
  private int data;
  private int dirty;
  private boolean isUsed;
  private boolean isWritten;
  private boolean isStale;

  /** The blocks where a branch arrives, or an else begins, with stale arrays. */
  private final BitSet staleAtLabel = new BitSet();

  private final BitSet staleAtElse = new BitSet();

  /** The loops that begin with the current arrays. */
  private final BitSet freshLoops = new BitSet();

  Accesses(CodeBuilder to) {
    this.to = to;
  }

  /** Loads the arrays at the start of a method. */
  void start(int instanceSlot, boolean uses, boolean writes, ToIntFunction<Kind> allocate) {
    instance = instanceSlot;
    isUsed = uses;
    isWritten = writes;
    if (uses) {
      data = allocate.applyAsInt(Kind.REFERENCE);
      if (writes) {
        dirty = allocate.applyAsInt(Kind.REFERENCE);
      }
      loadArrays();
    }
  }

  private void loadArrays() {
    memory().getfield(Names.ACCESS, "data", Names.BYTES).astore(data);
    if (isWritten) {
      memory().getfield(Names.ACCESS, "dirty", Names.BYTES).astore(dirty);
    }
    isStale = false;
  }

  private CodeBuilder memory() {
    return to.aload(instance).getfield(Names.CODE, "memory", Names.ACCESS);
  }

  /** After a call that may have replaced the arrays. */
  void replaced() {
    isStale = true;
  }

  boolean isStale() {
    return isStale;
  }

  void setStale(boolean stale) {
    isStale = stale;
  }

  private void refresh() {
    if (isStale && isUsed) {
      loadArrays();
    }
  }

  // Control ---------------------------------------------------------------------------------------

  void beforeLoop(int opener, boolean hasAccess) {
    if (hasAccess) {
      refresh();
      freshLoops.set(opener);
    } else {
      isStale = true;
    }
  }

  boolean mustLoadBefore(int loop) {
    return isStale && freshLoops.get(loop);
  }

  void beforeBackwardBranch(int loop) {
    if (mustLoadBefore(loop)) {
      refresh();
    }
  }

  void open(int opener) {
    staleAtElse.set(opener, isStale);
  }

  void branch(int target) {
    if (isStale) {
      staleAtLabel.set(target);
    }
  }

  void otherwise(int opener, boolean live) {
    if (live) {
      branch(opener);
    }
    isStale = staleAtElse.get(opener);
  }

  void end(int opener, boolean live, boolean hasNoElse) {
    isStale =
        staleAtLabel.get(opener) || (live && isStale) || (hasNoElse && staleAtElse.get(opener));
  }

  // Accesses --------------------------------------------------------------------------------------

  /** The address is on the stack. */
  void load(int op, int offset) {
    refresh();
    switch (op) {
      case Op.I32_LOAD -> call("readInt", CD_int, null, offset);
      case Op.I64_LOAD -> call("readLong", CD_long, null, offset);
      case Op.F32_LOAD -> call("readFloat", CD_float, null, offset);
      case Op.F64_LOAD -> call("readDouble", CD_double, null, offset);
      case Op.I32_LOAD8_S, Op.I32_LOAD8_U, Op.I64_LOAD8_S, Op.I64_LOAD8_U ->
          call("readByte", CD_byte, null, offset);
      case Op.I32_LOAD16_S, Op.I32_LOAD16_U, Op.I64_LOAD16_S, Op.I64_LOAD16_U ->
          call("readShort", CD_short, null, offset);
      case Op.I64_LOAD32_S, Op.I64_LOAD32_U -> call("readInt", CD_int, null, offset);
      default -> throw new IllegalArgumentException("not a load: " + op);
    }
    switch (op) {
      case Op.I32_LOAD8_U -> to.loadConstant(0xFF).iand();
      case Op.I32_LOAD16_U -> to.loadConstant(0xFFFF).iand();
      case Op.I64_LOAD8_S, Op.I64_LOAD16_S, Op.I64_LOAD32_S -> to.i2l();
      case Op.I64_LOAD8_U -> to.loadConstant(0xFF).iand().i2l();
      case Op.I64_LOAD16_U -> to.loadConstant(0xFFFF).iand().i2l();
      case Op.I64_LOAD32_U -> to.i2l().loadConstant(0xFFFF_FFFFL).land();
      default -> {
        // as read
      }
    }
  }

  /** The address and above it the value are on the stack. */
  void store(int op, int offset) {
    refresh();
    switch (op) {
      case Op.I32_STORE -> call("writeInt", CD_void, CD_int, offset);
      case Op.I64_STORE -> call("writeLong", CD_void, CD_long, offset);
      case Op.F32_STORE -> call("writeFloat", CD_void, CD_float, offset);
      case Op.F64_STORE -> call("writeDouble", CD_void, CD_double, offset);
      case Op.I32_STORE8 -> call("writeByte", CD_void, CD_int, offset);
      case Op.I32_STORE16 -> call("writeShort", CD_void, CD_int, offset);
      case Op.I64_STORE8 -> {
        to.l2i();
        call("writeByte", CD_void, CD_int, offset);
      }
      case Op.I64_STORE16 -> {
        to.l2i();
        call("writeShort", CD_void, CD_int, offset);
      }
      case Op.I64_STORE32 -> {
        to.l2i();
        call("writeInt", CD_void, CD_int, offset);
      }
      default -> throw new IllegalArgumentException("not a store: " + op);
    }
  }

  private void call(
      String method,
      ClassDesc result,
      @org.jspecify.annotations.Nullable ClassDesc value,
      int offset) {
    List<ClassDesc> parameters = new ArrayList<>();
    parameters.add(CD_int);
    if (value != null) {
      parameters.add(value);
    }
    boolean isWide = value != null && TypeKind.from(value).slotSize() == 2;
    if (offset != 0 && isWide) {
      // With the offset as a further parameter C1 would not compile the method in place.
      to.dup2_x1()
          .pop2()
          .loadConstant(offset)
          .invokestatic(Names.ACCESSES, "at", MethodTypeDesc.of(CD_int, CD_int, CD_int))
          .dup_x2()
          .pop();
    } else if (offset != 0) {
      to.loadConstant(offset);
      parameters.add(CD_int);
    }
    to.aload(data);
    parameters.add(Names.BYTES);
    if (value != null) {
      to.aload(dirty);
      parameters.add(Names.BYTES);
    }
    to.aload(instance);
    parameters.add(Names.CODE);
    to.invokestatic(Names.ACCESSES, method, MethodTypeDesc.of(result, parameters));
  }
}
