package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Emits tail calls, which take no space on the stack.
 *
 * <p>A function with tail calls has two methods. The first one is as that of any function, but a
 * tail call puts the arguments into fields and the callee's number into another one, and returns
 * any results. The second one, which others call, calls the first one and then whatever was put
 * there, until nothing is.
 */
final class TailCalls {
  /** The estimated bytes that put an argument into a field. */
  static final int ARGUMENT_BYTES = 6;

  static final String CHUNK = "call";

  private static final String PENDING = "tailCall";

  private final ModuleShape module;
  private final Names names;

  /** Where functions of too many parameters get their arguments. */
  private final Spill wideArguments;

  /** The fields with the arguments until the callee runs. */
  final Spill arguments = new Spill("t");

  /** The tail calls by what they return. */
  private final Map<Signature, Results> byResults = new LinkedHashMap<>();

  /** Tail calls that return values of the same types; their callees call each other. */
  final class Results {
    private final int number;
    private final Signature results;

    /** The functions that they name. */
    private final BitSet functions = new BitSet();

    /** The types of the functions that they call in tables. */
    private final BitSet types = new BitSet();

    private Results(int number, Signature results) {
      this.number = number;
      this.results = results;
    }

    String name() {
      return CompiledFunctions.TAIL_PREFIX + number;
    }

    MethodTypeDesc descriptor() {
      return names.descriptor(results);
    }

    MethodTypeDesc chunkDescriptor() {
      return descriptor().insertParameterTypes(0, CD_int);
    }

    /** The numbers of all callees, ascending: see {@code GuestCode.tailCall}. */
    private List<Integer> numbers() {
      var all = (BitSet) functions.clone();
      module.declared().stream()
          .filter(function -> types.get(module.functionTypes()[function]))
          .forEach(all::set);
      List<Integer> numbers = new ArrayList<>();
      for (int type = types.length() - 1; type >= 0; type = types.previousSetBit(type - 1)) {
        numbers.add(-type - 1);
      }
      all.stream().forEach(function -> numbers.add(function + 1));
      return numbers;
    }

    /** The callees, divided so that each chunk is a method that HotSpot compiles. */
    List<Chunk> chunks() {
      List<Chunk> chunks = new ArrayList<>();
      List<Integer> here = new ArrayList<>();
      int bytes = 0;
      for (int number : numbers()) {
        int more = 20 + ARGUMENT_BYTES * typeOf(number).parameters().length;
        if (!here.isEmpty() && bytes + more > ModuleEmitter.SWITCH_BYTES) {
          chunks.add(new Chunk(owner(chunks.size()), here));
          here = new ArrayList<>();
          bytes = 0;
        }
        here.add(number);
        bytes += more;
      }
      chunks.add(new Chunk(owner(chunks.size()), here));
      return chunks;
    }

    private ClassDesc owner(int chunk) {
      return ClassDesc.of(ModuleEmitter.binaryName(names.main) + "$R" + number + "_" + chunk);
    }
  }

  /** A class with a method that calls one of several functions, by their numbers. */
  record Chunk(ClassDesc owner, List<Integer> numbers) {}

  TailCalls(ModuleShape module, Names names, Spill wideArguments) {
    this.module = module;
    this.names = names;
    this.wideArguments = wideArguments;
  }

  private Results resultsOf(Signature type) {
    var key = new Signature(new byte[0], type.results());
    return byResults.computeIfAbsent(key, _ -> new Results(byResults.size(), key));
  }

  /** Notes the callees of a function's tail calls. */
  void note(FunctionCode code) {
    Results results = resultsOf(code.signature);
    for (int i = 0; i < code.size; i++) {
      int callee = (int) code.immediate[i];
      switch (code.op[i]) {
        case Op.RETURN_CALL -> results.functions.set(callee);
        case Op.RETURN_CALL_INDIRECT -> results.types.set(module.firstEqual()[callee]);
        default -> {
          // not a tail call
        }
      }
    }
  }

  List<Results> results() {
    return List.copyOf(byResults.values());
  }

  /** The types of the functions of other instances that may be called last. */
  BitSet foreignTypes() {
    var types = new BitSet();
    byResults.values().forEach(results -> types.or(results.types));
    return types;
  }

  /** The method that calls another instance's function. */
  static String foreign(int type) {
    return CompiledFunctions.FOREIGN_PREFIX + type;
  }

  /** The type of a tail call's callee. */
  Signature callee(FunctionCode code, int index) {
    int callee = (int) code.immediate[index];
    return code.op[index] == Op.RETURN_CALL ? module.typeOf(callee) : module.types().get(callee);
  }

  /** Sets a tail call's callee. Takes the index in the table from the stack. */
  void target(CodeBuilder to, FunctionCode code, int index, int instance) {
    int callee = (int) code.immediate[index];
    if (code.op[index] == Op.RETURN_CALL) {
      to.aload(instance).loadConstant(callee + 1).putfield(Names.CODE, PENDING, CD_int);
    } else {
      to.loadConstant(code.extra[index])
          .loadConstant(module.firstEqual()[callee])
          .aload(instance)
          .invokestatic(
              Names.CODE,
              "tailCall",
              MethodTypeDesc.of(CD_void, CD_int, CD_int, CD_int, Names.CODE));
    }
  }

  /** The method that runs a function to its end, tail calls included. */
  void whole(CodeBuilder to, FunctionCode code) {
    Signature type = code.signature;
    int instance = ModuleEmitter.instanceSlot(type);
    ModuleEmitter.parameters(to, type);
    to.aload(instance)
        .invokestatic(
            names.owner(code.function), Names.function(code.function), names.descriptor(type));
    Label more = to.newLabel();
    to.aload(instance).getfield(Names.CODE, PENDING, CD_int).ifne(more);
    ModuleEmitter.return_(to, type);
    to.labelBinding(more);
    Results results = resultsOf(type);
    pop(to, type);
    to.aload(instance).invokestatic(names.main, results.name(), results.descriptor());
    ModuleEmitter.return_(to, type);
  }

  private static void pop(CodeBuilder to, Signature type) {
    if (type.results().length > 0) {
      if (Kind.of(type.results()[0]).slots() == 2) {
        to.pop2();
      } else {
        to.pop();
      }
    }
  }

  /** The method that calls what is called last, until nothing is. */
  void loop(CodeBuilder to, Results results) {
    int instance = 0;
    int number = 1;
    Label again = to.newLabel();
    Label done = to.newLabel();
    Label returned = to.newLabel();
    to.labelBinding(again)
        .aload(instance)
        .getfield(Names.CODE, PENDING, CD_int)
        .istore(number)
        .aload(instance)
        .iconst_0()
        .putfield(Names.CODE, PENDING, CD_int)
        .loadConstant(CompiledFunctions.MOST_AT_START)
        .aload(instance)
        .invokestatic(Names.CODE, "enter", Names.ENTER);
    List<Chunk> chunks = results.chunks();
    for (Chunk chunk : chunks) {
      Label next = to.newLabel();
      boolean isLast = chunk.equals(chunks.getLast());
      if (!isLast) {
        to.iload(number).loadConstant(chunk.numbers.getLast()).if_icmpgt(next);
      }
      to.iload(number).aload(instance).invokestatic(chunk.owner, CHUNK, results.chunkDescriptor());
      if (!isLast) {
        to.goto_(returned).labelBinding(next);
      }
    }
    to.labelBinding(returned).aload(instance).getfield(Names.CODE, PENDING, CD_int).ifeq(done);
    pop(to, results.results);
    to.goto_(again).labelBinding(done);
    ModuleEmitter.return_(to, results.results);
  }

  private Signature typeOf(int number) {
    return number > 0 ? module.typeOf(number - 1) : module.types().get(-number - 1);
  }

  /** The method of a chunk: calls the function with this number, once. */
  void chunk(CodeBuilder to, Chunk chunk) {
    int instance = 1;
    Label none = to.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    for (int number : chunk.numbers) {
      cases.add(SwitchCase.of(number, to.newLabel()));
    }
    if (!cases.isEmpty()) {
      to.iload(0);
      Switches.emit(to, none, cases);
    }
    for (SwitchCase each : cases) {
      to.labelBinding(each.target());
      Signature type = typeOf(each.caseValue());
      takeArguments(to, type, instance);
      to.aload(instance);
      if (each.caseValue() > 0) {
        int function = each.caseValue() - 1;
        to.invokestatic(names.owner(function), Names.function(function), names.descriptor(type));
      } else {
        to.invokestatic(names.main, foreign(-each.caseValue() - 1), names.descriptor(type));
      }
      ModuleEmitter.return_(to, type);
    }
    to.labelBinding(none).aconst_null().athrow();
  }

  private void takeArguments(CodeBuilder to, Signature type, int instance) {
    Spill.Cursor from = arguments.cursor();
    Spill.Cursor wide = wideArguments.cursor();
    for (byte parameter : type.parameters()) {
      Kind kind = Kind.of(parameter);
      if (Names.isWide(type)) {
        to.aload(instance);
      }
      to.aload(instance).getfield(names.main, from.field(kind), kind.descriptor);
      if (Names.isWide(type)) {
        to.putfield(names.main, wide.field(kind), kind.descriptor);
      }
    }
  }
}
