package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Emits a module's classes: the class of an instance, with its globals and the calls from outside,
 * and classes with the module's functions as static methods.
 */
public final class ModuleEmitter {
  private static final int CLASS_FLAGS =
      ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL | ClassFile.ACC_SUPER;
  private static final int STATIC = ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC;

  /** A class has functions of about as many bytes of the module, and no more functions. */
  private static final int GROUP_BYTES = 48 << 10;

  private static final int GROUP_FUNCTIONS = 500;

  /** A method that tells numbers apart has at most so many cases. */
  private static final int MOST_NUMBERS = 400;

  /** A method that tells functions apart has about as many bytes. */
  static final int SWITCH_BYTES = 5_000;

  private final ModuleShape module;
  private final Names names;
  private final PartSizes sizes;
  private final boolean isMetered;
  private final @Nullable CountedBlocks counted;
  private final Spill spill = new Spill("");
  private final TailCalls tailCalls;
  private final ClassFile classFile = ClassFile.of(Tries.HIERARCHY);
  private final Map<String, byte[]> classes = new LinkedHashMap<>();
  private final Set<String> signatures = new TreeSet<>();

  /** The types and tables of the indirect calls: a type and a table in one number. */
  private final TreeSet<Long> indirectCalls = new TreeSet<>();

  private ModuleEmitter(
      ModuleShape module,
      Names names,
      PartSizes sizes,
      boolean isMetered,
      @Nullable CountedBlocks counted) {
    this.module = module;
    this.names = names;
    this.sizes = sizes;
    this.isMetered = isMetered;
    this.counted = counted;
    this.tailCalls = new TailCalls(module, names, spill);
  }

  /**
   * Emits the classes.
   *
   * @param className the name of the instance's class; the others begin with it
   * @param bodyBytes the size of each function that is not imported
   * @param function reads the function with this index, imported ones included; called once for
   *     each, in order
   * @param sizes how functions are divided
   * @param isMetered whether the functions count the fuel that they use
   * @param counted gets the counters of blocks, if metered functions count these, or null
   */
  public static EmittedClasses emit(
      String className,
      ModuleShape module,
      int[] bodyBytes,
      IntFunction<FunctionCode> function,
      PartSizes sizes,
      boolean isMetered,
      @Nullable CountedBlocks counted) {
    var groupOf = new int[bodyBytes.length];
    int group = 0;
    int bytes = 0;
    int functions = 0;
    for (int i = 0; i < bodyBytes.length; i++) {
      if (functions > 0 && (bytes + bodyBytes[i] > GROUP_BYTES || functions == GROUP_FUNCTIONS)) {
        group++;
        bytes = 0;
        functions = 0;
      }
      groupOf[i] = group;
      bytes += bodyBytes[i];
      functions++;
    }
    var names = new Names(className, module, groupOf, group + 1);
    var emitter = new ModuleEmitter(module, names, sizes, isMetered, counted);
    emitter.functions(groupOf, function);
    emitter.instance();
    return new EmittedClasses(emitter.classes, emitter.signatures);
  }

  private void add(ClassDesc name, Consumer<ClassBuilder> content) {
    byte[] bytes;
    try {
      bytes = classFile.build(name, to -> content.accept(to.withFlags(CLASS_FLAGS)));
    } catch (IllegalArgumentException tooLarge) {
      throw new ClassLimitException(tooLarge);
    }
    classes.put(binaryName(name), bytes);
  }

  static String binaryName(ClassDesc name) {
    return name.packageName() + "." + name.displayName();
  }

  private void method(
      ClassBuilder to, String name, MethodTypeDesc type, int flags, Consumer<CodeBuilder> code) {
    signatures.add(kinds(type));
    to.withMethodBody(name, type, flags, code);
  }

  /** The parameters as HotSpot tells them apart when it makes adapters. */
  private static String kinds(MethodTypeDesc type) {
    var kinds = new StringBuilder();
    for (ClassDesc parameter : type.parameterList()) {
      kinds.append(parameter.isPrimitive() ? parameter.descriptorString() : "L");
    }
    return kinds.toString();
  }

  // Functions -------------------------------------------------------------------------------------

  private void functions(int[] groupOf, IntFunction<FunctionCode> function) {
    for (int from = 0; from < groupOf.length; ) {
      int first = from;
      int group = groupOf[first];
      int end = first;
      while (end < groupOf.length && groupOf[end] == group) {
        end++;
      }
      int last = end;
      add(
          names.group(group),
          to -> {
            for (int i = first; i < last; i++) {
              FunctionCode code = function.apply(module.importedFunctions() + i);
              noteIndirectCalls(code);
              function(to, code);
              if (module.tailCallers().get(code.function)) {
                tailCalls.note(code);
                method(
                    to,
                    names.callee(code.function),
                    names.descriptor(code.signature),
                    STATIC,
                    body -> tailCalls.whole(body, code));
              }
            }
          });
      from = end;
    }
  }

  private void function(ClassBuilder to, FunctionCode code) {
    FunctionCode emitted = code;
    // A function in two forms would count its blocks twice.
    boolean restructures = sizes.restructures() && counted == null;
    Dispatch dispatch = restructures ? Dispatch.of(code) : null;
    FunctionCode structured =
        dispatch == null ? null : Restructure.of(dispatch, module.returning());
    if (dispatch != null && structured != null) {
      code.resumedLoop = dispatch.loop;
      FuelCharges charges = charges(code);
      Part loop = Partition.ofLoop(code, module, sizes, charges);
      part(to, code, loop, charges);
      structured.resumption = new FunctionCode.Resumption(code, loop);
      emitted = structured;
    }
    FuelCharges charges = charges(emitted);
    part(to, emitted, Partition.of(emitted, module, sizes, charges), charges);
  }

  private FuelCharges charges(FunctionCode code) {
    return isMetered ? FuelCharges.of(code, counted) : FuelCharges.none();
  }

  private void noteIndirectCalls(FunctionCode code) {
    for (int i = 0; i < code.size(); i++) {
      if (code.op[i] == Op.CALL_INDIRECT) {
        long type = module.firstEqual()[(int) code.immediate[i]];
        indirectCalls.add(type << Integer.SIZE | code.extra[i]);
      }
    }
  }

  private void part(ClassBuilder to, FunctionCode code, Part part, FuelCharges charges) {
    method(
        to,
        PartSignature.name(code, part),
        PartSignature.descriptor(code, part, names),
        STATIC,
        body -> MethodEmitter.emit(body, code, part, module, names, spill, tailCalls, charges));
    part.children.values().forEach(child -> part(to, code, child, charges));
  }

  // The instance's class --------------------------------------------------------------------------

  private void instance() {
    BitSet[] candidates = candidates();
    for (long call : indirectCalls) {
      int type = (int) (call >> Integer.SIZE);
      if (candidates[type].cardinality() > casesOf(type)) {
        chunks(type, candidates[type]);
      }
    }
    tailCallChunks();
    add(
        names.main,
        to -> {
          to.withSuperclass(Names.CODE);
          constructor(to);
          for (int i = 0; i < module.importedFunctions(); i++) {
            imported(to, i);
          }
          for (long call : indirectCalls) {
            int type = (int) (call >> Integer.SIZE);
            indirect(to, type, (int) call, candidates[type]);
          }
          tailCalls(to);
          entries(to);
          globals(to);
          spill.declare(to);
          tailCalls.arguments.declare(to);
        });
  }

  private void constructor(ClassBuilder to) {
    method(
        to,
        INIT_NAME,
        MTD_void,
        ClassFile.ACC_PUBLIC,
        body -> body.aload(0).invokespecial(Names.CODE, INIT_NAME, MTD_void).return_());
  }

  /** Pushes an array of the parameters' bits. */
  private void box(CodeBuilder to, Signature type, int instance) {
    byte[] parameters = type.parameters();
    to.loadConstant(parameters.length).newarray(TypeKind.LONG);
    Spill.Cursor cursor = spill.cursor();
    int slot = 0;
    for (int i = 0; i < parameters.length; i++) {
      Kind kind = Kind.of(parameters[i]);
      to.dup().loadConstant(i);
      if (Names.isWide(type)) {
        to.aload(instance).getfield(names.main, cursor.field(kind), kind.descriptor);
      } else {
        to.loadLocal(kind.type, slot);
      }
      Boxes.toBits(to, kind);
      to.lastore();
      slot += kind.slots();
    }
  }

  /** Returns the values in the array of bits on the stack as a function of this type does. */
  private void returnBits(CodeBuilder to, Signature type, int instance) {
    byte[] results = type.results();
    if (results.length == 0) {
      to.pop().return_();
      return;
    }
    int bits = to.allocateLocal(TypeKind.REFERENCE);
    to.astore(bits);
    Spill.Cursor cursor = spill.cursor();
    for (int i = 1; i < results.length; i++) {
      Kind kind = Kind.of(results[i]);
      to.aload(instance).aload(bits).loadConstant(i).laload();
      Boxes.fromBits(to, kind);
      to.putfield(names.main, cursor.field(kind), kind.descriptor);
    }
    Kind first = Kind.of(results[0]);
    to.aload(bits).iconst_0().laload();
    Boxes.fromBits(to, first);
    to.return_(first.type);
  }

  static int instanceSlot(Signature type) {
    return Names.isWide(type) ? 0 : Kind.slots(type.parameters());
  }

  /** An imported function, for calls from the module. */
  private void imported(ClassBuilder to, int function) {
    Signature type = module.typeOf(function);
    int instance = instanceSlot(type);
    method(
        to,
        Names.function(function),
        names.descriptor(type),
        STATIC,
        body -> {
          body.loadConstant(function);
          box(body, type, instance);
          body.aload(instance)
              .invokestatic(
                  Names.CODE,
                  isMetered ? "callImportMetered" : "callImport",
                  MethodTypeDesc.of(Names.LONGS, CD_int, Names.LONGS, Names.CODE));
          returnBits(body, type, instance);
        });
  }

  // Indirect calls --------------------------------------------------------------------------------

  /** The functions of each type that a table can hold. */
  BitSet[] candidates() {
    var candidates = new BitSet[module.types().size()];
    for (int i = 0; i < candidates.length; i++) {
      candidates[i] = new BitSet();
    }
    module.declared().stream()
        .forEach(function -> candidates[module.functionTypes()[function]].set(function));
    return candidates;
  }

  /** How many functions of a type one method tells apart. */
  private int casesOf(int type) {
    int bytesOfCase = 20 + 3 * module.types().get(type).parameters().length;
    return SWITCH_BYTES / bytesOfCase;
  }

  private void indirect(ClassBuilder to, int type, int table, BitSet candidates) {
    Signature signature = module.types().get(type);
    int index = instanceSlot(signature);
    int instance = index + 1;
    method(
        to,
        names.indirect(type, table),
        names.indirectDescriptor(signature),
        STATIC,
        body -> {
          body.iload(index)
              .loadConstant(table)
              .aload(instance)
              .invokestatic(
                  Names.CODE,
                  "target",
                  MethodTypeDesc.of(Names.REFERENCE, CD_int, CD_int, Names.CODE));
          int target = body.allocateLocal(TypeKind.REFERENCE);
          Label foreign = body.newLabel();
          body.astore(target)
              .aload(target)
              .getfield(Names.REFERENCE, "code", Names.CODE)
              .aload(instance)
              .if_acmpne(foreign);
          int[] functions = candidates.stream().toArray();
          int most = casesOf(type);
          if (functions.length > most) {
            chosenChunk(body, type, functions, most, target, instance);
          } else {
            chosen(body, signature, functions, 0, functions.length, target, instance);
          }
          wrongType(body, target);
          body.labelBinding(foreign).aload(target).loadConstant(type);
          callForeign(body, signature, instance);
        });
  }

  /** Calls another instance's function and returns. Its reference and type are on the stack. */
  private void callForeign(CodeBuilder to, Signature signature, int instance) {
    box(to, signature, instance);
    to.aload(instance)
        .invokestatic(
            Names.CODE,
            "callForeign",
            MethodTypeDesc.of(Names.LONGS, Names.REFERENCE, CD_int, Names.LONGS, Names.CODE));
    returnBits(to, signature, instance);
  }

  /** Pushes the parameters of a method of this type, unless they are in fields. */
  static void parameters(CodeBuilder to, Signature type) {
    if (!Names.isWide(type)) {
      int slot = 0;
      for (byte parameter : type.parameters()) {
        Kind kind = Kind.of(parameter);
        to.loadLocal(kind.type, slot);
        slot += kind.slots();
      }
    }
  }

  private static void wrongType(CodeBuilder to, int target) {
    to.aload(target)
        .invokestatic(Names.CODE, "wrongType", MethodTypeDesc.of(Names.FAILURE, Names.REFERENCE))
        .athrow();
  }

  static void return_(CodeBuilder to, Signature type) {
    if (type.results().length == 0) {
      to.return_();
    } else {
      to.return_(Kind.of(type.results()[0]).type);
    }
  }

  /** Calls one of these functions, the target's, or goes on after the code. */
  private void chosen(
      CodeBuilder to,
      Signature signature,
      int[] functions,
      int from,
      int end,
      int target,
      int instance) {
    if (from == end) {
      return;
    }
    Label none = to.newLabel();
    List<SwitchCase> cases = new ArrayList<>();
    for (int i = from; i < end; i++) {
      cases.add(SwitchCase.of(functions[i], to.newLabel()));
    }
    to.aload(target).getfield(Names.REFERENCE, "function", CD_int);
    Switches.emit(to, none, cases);
    for (SwitchCase each : cases) {
      to.labelBinding(each.target());
      parameters(to, signature);
      to.aload(instance)
          .invokestatic(
              names.owner(each.caseValue()),
              names.callee(each.caseValue()),
              names.descriptor(signature));
      return_(to, signature);
    }
    to.labelBinding(none);
  }

  private ClassDesc chunk(int type, int chunk) {
    return ClassDesc.of(binaryName(names.main) + "$T" + type + "_" + chunk);
  }

  private MethodTypeDesc chunkDescriptor(Signature signature) {
    return names
        .descriptor(signature)
        .insertParameterTypes(names.descriptor(signature).parameterCount() - 1, Names.REFERENCE);
  }

  private void chosenChunk(
      CodeBuilder to, int type, int[] functions, int most, int target, int instance) {
    Signature signature = module.types().get(type);
    int chunks = (functions.length + most - 1) / most;
    to.aload(target).getfield(Names.REFERENCE, "function", CD_int);
    int function = to.allocateLocal(TypeKind.INT);
    to.istore(function);
    for (int chunk = 0; chunk < chunks; chunk++) {
      int last = functions[Math.min(functions.length, (chunk + 1) * most) - 1];
      Label next = to.newLabel();
      to.iload(function).loadConstant(last).if_icmpgt(next);
      parameters(to, signature);
      to.aload(target)
          .aload(instance)
          .invokestatic(chunk(type, chunk), "call", chunkDescriptor(signature));
      return_(to, signature);
      to.labelBinding(next);
    }
  }

  private void chunks(int type, BitSet candidates) {
    Signature signature = module.types().get(type);
    int[] functions = candidates.stream().toArray();
    int most = casesOf(type);
    int target = instanceSlot(signature);
    for (int from = 0; from < functions.length; from += most) {
      int first = from;
      int end = Math.min(functions.length, from + most);
      ClassDesc name = chunk(type, from / most);
      if (classes.containsKey(binaryName(name))) {
        return; // another table's calls of the same type
      }
      add(
          name,
          to ->
              method(
                  to,
                  "call",
                  chunkDescriptor(signature),
                  STATIC,
                  body -> {
                    chosen(body, signature, functions, first, end, target, target + 1);
                    wrongType(body, target);
                  }));
    }
  }

  // Tail calls ------------------------------------------------------------------------------------

  private void tailCalls(ClassBuilder to) {
    for (TailCalls.Results results : tailCalls.results()) {
      method(
          to, results.name(), results.descriptor(), STATIC, body -> tailCalls.loop(body, results));
    }
    tailCalls.foreignTypes().stream()
        .forEach(type -> {
          Signature signature = module.types().get(type);
          int instance = instanceSlot(signature);
          method(
              to,
              TailCalls.foreign(type),
              names.descriptor(signature),
              STATIC,
              body -> {
                body.aload(instance)
                    .invokestatic(
                        Names.CODE,
                        "takeTailTarget",
                        MethodTypeDesc.of(Names.REFERENCE, Names.CODE))
                    .loadConstant(type);
                callForeign(body, signature, instance);
              });
        });
  }

  private void tailCallChunks() {
    for (TailCalls.Results results : tailCalls.results()) {
      for (TailCalls.Chunk chunk : results.chunks()) {
        add(
            chunk.owner(),
            to ->
                method(
                    to,
                    TailCalls.CHUNK,
                    results.chunkDescriptor(),
                    STATIC,
                    body -> tailCalls.chunk(body, chunk)));
      }
    }
  }

  // Calls from outside ----------------------------------------------------------------------------

  private void entries(ClassBuilder to) {
    MethodTypeDesc entryType = MethodTypeDesc.of(Names.LONGS, Names.LONGS, names.main);
    List<Integer> entries = module.entries().stream().boxed().toList();
    for (int function : entries) {
      method(to, "entry_" + function, entryType, STATIC, body -> entry(body, function));
    }
    MethodTypeDesc type = MethodTypeDesc.of(Names.LONGS, CD_int, Names.LONGS);
    each(
        to,
        "call",
        type,
        entries,
        (body, function) ->
            body.aload(2)
                .aload(0)
                .invokestatic(names.main, "entry_" + function, entryType)
                .areturn());
  }

  private void entry(CodeBuilder to, int function) {
    Signature type = module.typeOf(function);
    int args = 0;
    int instance = 1;
    byte[] parameters = type.parameters();
    Spill.Cursor cursor = spill.cursor();
    for (int i = 0; i < parameters.length; i++) {
      Kind kind = Kind.of(parameters[i]);
      if (Names.isWide(type)) {
        to.aload(instance).aload(args).loadConstant(i).laload();
        Boxes.fromBits(to, kind);
        to.putfield(names.main, cursor.field(kind), kind.descriptor);
      } else {
        to.aload(args).loadConstant(i).laload();
        Boxes.fromBits(to, kind);
      }
    }
    to.aload(instance)
        .invokestatic(names.owner(function), names.callee(function), names.descriptor(type));
    byte[] results = type.results();
    if (results.length == 0) {
      to.iconst_0().newarray(TypeKind.LONG).areturn();
      return;
    }
    Boxes.toBits(to, Kind.of(results[0]));
    int first = to.allocateLocal(TypeKind.LONG);
    to.lstore(first);
    to.loadConstant(results.length).newarray(TypeKind.LONG).dup().iconst_0().lload(first).lastore();
    Spill.Cursor more = spill.cursor();
    for (int i = 1; i < results.length; i++) {
      Kind kind = Kind.of(results[i]);
      to.dup().loadConstant(i).aload(instance);
      to.getfield(names.main, more.field(kind), kind.descriptor);
      Boxes.toBits(to, kind);
      to.lastore();
    }
    to.areturn();
  }

  // Globals ---------------------------------------------------------------------------------------

  private void globals(ClassBuilder to) {
    List<Integer> numbers = new ArrayList<>();
    List<Integer> references = new ArrayList<>();
    for (int i = 0; i < module.globalTypes().length; i++) {
      if (!module.sharedGlobals().get(i)) {
        Kind kind = Kind.of(module.globalTypes()[i]);
        to.withField(Names.globalField(i), kind.descriptor, ClassFile.ACC_PUBLIC);
        (kind == Kind.REFERENCE ? references : numbers).add(i);
      }
    }
    accessors(to, numbers, "global", "setGlobal", CD_long);
    accessors(to, references, "globalReference", "setGlobalReference", CD_Object);
  }

  private void accessors(
      ClassBuilder to, List<Integer> globals, String get, String set, ClassDesc type) {
    boolean isNumber = type.equals(CD_long);
    each(
        to,
        get,
        MethodTypeDesc.of(type, CD_int),
        globals,
        (body, global) -> {
          Kind kind = Kind.of(module.globalTypes()[global]);
          body.aload(0).getfield(names.main, Names.globalField(global), kind.descriptor);
          if (isNumber) {
            Boxes.toBits(body, kind);
            body.lreturn();
          } else {
            body.areturn();
          }
        });
    each(
        to,
        set,
        MethodTypeDesc.of(CD_void, CD_int, type),
        globals,
        (body, global) -> {
          Kind kind = Kind.of(module.globalTypes()[global]);
          body.aload(0);
          if (isNumber) {
            body.lload(2);
            Boxes.fromBits(body, kind);
          } else {
            body.aload(2);
          }
          body.putfield(names.main, Names.globalField(global), kind.descriptor).return_();
        });
  }

  // Methods that tell numbers apart ---------------------------------------------------------------

  private interface Task {
    void run(CodeBuilder to, int number);
  }

  /** A method of the instance that does something for each number; several if there are many. */
  private void each(
      ClassBuilder to, String name, MethodTypeDesc type, List<Integer> numbers, Task task) {
    int most = Math.min(numbers.size(), MOST_NUMBERS);
    List<Integer> here = numbers.subList(0, most);
    List<Integer> others = numbers.subList(most, numbers.size());
    String next = name + "_";
    method(
        to,
        name,
        type,
        ClassFile.ACC_PUBLIC,
        body -> {
          Label none = body.newLabel();
          if (!here.isEmpty()) {
            List<SwitchCase> cases = new ArrayList<>();
            for (int number : here) {
              cases.add(SwitchCase.of(number, body.newLabel()));
            }
            body.iload(1);
            Switches.emit(body, none, cases);
            for (SwitchCase each : cases) {
              body.labelBinding(each.target());
              task.run(body, each.caseValue());
            }
          }
          body.labelBinding(none);
          if (others.isEmpty()) {
            noSuch(body);
          } else {
            body.aload(0).iload(1);
            if (type.parameterCount() > 1) {
              body.loadLocal(TypeKind.from(type.parameterType(1)), 2);
            }
            body.invokevirtual(names.main, next, type).return_(TypeKind.from(type.returnType()));
          }
        });
    if (!others.isEmpty()) {
      each(to, next, type, others, task);
    }
  }

  private static void noSuch(CodeBuilder to) {
    ClassDesc failure = ClassDesc.of("java.lang.IllegalArgumentException");
    to.new_(failure).dup().invokespecial(failure, INIT_NAME, MTD_void).athrow();
  }
}
