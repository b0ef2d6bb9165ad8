package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;

import io.gonext.engine.bytecode.MethodEmitter.Frame;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Emits what one method has of exception handling.
 *
 * <p>The JVM empties the stack when it catches an exception. So at the start of a try, the operands
 * below it are also put into the JVM's locals; a catch clause gets those from there that its label
 * keeps. A part that changes locals which its callers' handlers read leaves them in fields when an
 * exception leaves it, and each caller takes them from there.
 */
final class Tries {
  /** The estimated bytes that take a value from the stack, or from an exception. */
  static final int VALUE_BYTES = 10;

  /**
   * Which classes the exceptions of guests extend, since class files are written without loading.
   */
  static final ClassHierarchyResolverOption HIERARCHY =
      ClassHierarchyResolverOption.of(
          ClassHierarchyResolver.of(List.of(), Map.of(Names.EXCEPTION, Names.FAILURE))
              .orElse(ClassHierarchyResolver.defaultResolver()));

  private static final int NO_SLOT = -1;
  private static final ClassDesc OBJECTS = CD_Object.arrayType();

  private final MethodEmitter method;
  private final CodeBuilder to;
  private final FunctionCode code;

  /** The tries whose bodies are being emitted, the innermost last. */
  private final List<Try> open = new ArrayList<>();

  /** Where operands are kept, by their place on the stack and their kind. */
  private final Map<Operand, Integer> kept = new HashMap<>();

  /** Where the method begins that leaves locals in fields. */
  private final Label start;

  private int exception = NO_SLOT;

  private record Operand(int place, Kind kind) {}

  private record Try(int base, Label from) {}

  Tries(MethodEmitter method) {
    this.method = method;
    this.to = method.to;
    this.code = method.code;
    this.start = to.newLabel();
  }

  /** The estimated bytes of a try without its body. */
  static int bytes(FunctionCode code, int opener) {
    int below = code.low[opener];
    int bytes = 20 + 6 * below;
    for (Catch clause : code.catchesOf(opener)) {
      bytes += 24 + 3 * below + VALUE_BYTES * code.labelTypes(clause.target()).length;
    }
    return bytes;
  }

  // Parts -----------------------------------------------------------------------------------------

  /** At the start of the method's code. */
  void begin() {
    if (method.part.thrown.length > 0) {
      to.labelBinding(start);
    }
  }

  /** After the method's code. */
  void end() {
    Part part = method.part;
    if (part.thrown.length == 0) {
      return;
    }
    Label end = to.newBoundLabel();
    handle(start, end, end);
    List<Kind> kinds = PartSignature.kinds(code, part.thrown);
    List<String> fields = method.spill.cursor().fields(kinds);
    for (int i = 0; i < fields.size(); i++) {
      method.spillLocal(part.thrown[i], fields.get(i), kinds.get(i));
    }
    to.aload(exception).athrow();
  }

  /** Calls a part, and takes what it left in fields if an exception leaves it. */
  void guarded(Part child, Runnable call) {
    if (child.thrown.length == 0) {
      call.run();
      return;
    }
    Label from = to.newBoundLabel();
    call.run();
    Label end = to.newBoundLabel();
    Label goOn = to.newLabel();
    to.goto_(goOn);
    handle(from, end, to.newBoundLabel());
    List<Kind> kinds = PartSignature.kinds(code, child.thrown);
    List<String> fields = method.spill.cursor().fields(kinds);
    for (int i = 0; i < fields.size(); i++) {
      method.load(fields.get(i), kinds.get(i));
      method.store(child.thrown[i]);
    }
    to.aload(exception).athrow();
    to.labelBinding(goOn);
  }

  /** Begins a handler for a range. */
  private void handle(Label from, Label end, Label handler) {
    if (exception == NO_SLOT) {
      exception = method.allocate(Kind.REFERENCE);
    }
    to.exceptionCatch(from, end, handler, Names.EXCEPTION);
    to.astore(exception);
  }

  // Blocks ----------------------------------------------------------------------------------------

  void open(Frame frame) {
    int keptAlready = open.isEmpty() ? 0 : open.getLast().base();
    keep(keptAlready, frame.base);
    Label from = to.newBoundLabel();
    // The JVM does not allow an empty range.
    to.nop();
    open.add(new Try(frame.base, from));
  }

  /** Puts the operands {@code [from, end)} into locals, and leaves all on the stack. */
  private void keep(int from, int end) {
    if (from >= end) {
      return;
    }
    int height = method.types.height();
    for (int i = height - 1; i >= from; i--) {
      Kind kind = Kind.of(method.types.at(i));
      to.storeLocal(kind.type, slot(i, kind));
    }
    for (int i = from; i < height; i++) {
      Kind kind = Kind.of(method.types.at(i));
      to.loadLocal(kind.type, slot(i, kind));
    }
  }

  private int slot(int place, Kind kind) {
    return kept.computeIfAbsent(new Operand(place, kind), _ -> method.allocate(kind));
  }

  /**
   * Ends the body and emits the catch clauses.
   *
   * @param live whether control reaches the end of the body
   * @return whether control goes on without a branch: never
   */
  boolean close(Frame frame, boolean live) {
    Try closed = open.removeLast();
    Label end = to.newBoundLabel();
    if (live) {
      method.accesses.branch(frame.opener);
      frame.isTarget = true;
      to.goto_(frame.label);
    }
    method.fuel.beforeHandler();
    handle(closed.from, end, to.newBoundLabel());
    method.fuel.caught();
    method.types.cut(frame.base);
    byte[] below = method.types.top(frame.base);
    List<Catch> clauses = code.catchesOf(frame.opener);
    boolean catchesAll = false;
    for (Catch clause : clauses) {
      method.accesses.setStale(true);
      if (clause.tag() == Catch.ALL) {
        catchesAll = true;
        take(clause, below);
        break;
      }
      Label next = to.newLabel();
      to.aload(exception)
          .getfield(Names.EXCEPTION, "tag", Names.TAG)
          .aload(method.instance)
          .getfield(Names.CODE, "tags", Names.TAG.arrayType())
          .loadConstant(clause.tag())
          .aaload()
          .if_acmpne(next);
      take(clause, below);
      to.labelBinding(next);
    }
    if (!catchesAll) {
      to.aload(exception);
      raise();
    }
    method.types.cut(0);
    method.types.push(below);
    return false;
  }

  /** Branches with the exception's values, with the operands that the label keeps below them. */
  private void take(Catch clause, byte[] below) {
    Frame target = method.frame(clause.target());
    int keeps = target == null ? 0 : target.base;
    method.types.cut(0);
    for (int i = 0; i < keeps; i++) {
      Kind kind = Kind.of(below[i]);
      to.loadLocal(kind.type, slot(i, kind));
      method.types.push(below[i]);
    }
    byte[] values = code.labelTypes(clause.target());
    int count = clause.hasReference() ? values.length - 1 : values.length;
    for (int i = 0; i < count; i++) {
      value(i, Kind.of(values[i]));
    }
    if (clause.hasReference()) {
      to.aload(exception);
    }
    method.types.push(values);
    method.branch(clause.target());
  }

  private void value(int index, Kind kind) {
    to.aload(exception);
    if (kind == Kind.REFERENCE) {
      to.getfield(Names.EXCEPTION, "references", OBJECTS).loadConstant(index).aaload();
    } else {
      to.getfield(Names.EXCEPTION, "numbers", Names.LONGS).loadConstant(index).laload();
      Boxes.fromBits(to, kind);
    }
  }

  // Throws ----------------------------------------------------------------------------------------

  /** Throws; the values or the reference are on the stack. */
  void raise(int index) {
    if (code.op[index] == Op.THROW_REF) {
      to.invokestatic(Names.CODE, "exception", MethodTypeDesc.of(Names.FAILURE, CD_Object));
      raise();
      return;
    }
    int tag = (int) code.immediate[index];
    byte[] types = method.module.valuesOf(tag);
    int free = method.slotsUsed;
    var slots = new int[types.length];
    boolean hasReferences = false;
    for (int i = types.length - 1; i >= 0; i--) {
      Kind kind = Kind.of(types[i]);
      hasReferences |= kind == Kind.REFERENCE;
      slots[i] = method.allocate(kind);
      to.storeLocal(kind.type, slots[i]);
    }
    to.loadConstant(types.length).newarray(TypeKind.LONG);
    for (int i = 0; i < types.length; i++) {
      Kind kind = Kind.of(types[i]);
      if (kind != Kind.REFERENCE) {
        to.dup().loadConstant(i).loadLocal(kind.type, slots[i]);
        Boxes.toBits(to, kind);
        to.lastore();
      }
    }
    to.loadConstant(hasReferences ? types.length : 0).anewarray(CD_Object);
    for (int i = 0; i < types.length; i++) {
      if (Kind.of(types[i]) == Kind.REFERENCE) {
        to.dup().loadConstant(i).aload(slots[i]).aastore();
      }
    }
    to.loadConstant(tag)
        .loadConstant(code.function)
        .loadConstant(code.position[index] - code.start)
        .aload(method.instance)
        .invokestatic(
            Names.CODE,
            "exception",
            MethodTypeDesc.of(
                Names.FAILURE, Names.LONGS, OBJECTS, CD_int, CD_int, CD_int, Names.CODE));
    raise();
    method.slotsUsed = free;
  }

  /** Throws the exception on top of the stack. */
  private void raise() {
    method.fuel.beforeThrow();
    to.athrow();
    method.fuel.afterThrow();
  }
}
