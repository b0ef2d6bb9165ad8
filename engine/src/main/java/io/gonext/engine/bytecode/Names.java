package io.gonext.engine.bytecode;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/** The names and descriptors of the classes and methods of one module. */
final class Names {
  /** A method has at most 255 slots of arguments; the instance is one. */
  static final int MOST_SLOTS = 250;

  static final ClassDesc CODE = ClassDesc.of("io.gonext.engine.GuestCode");
  static final ClassDesc ACCESS = ClassDesc.of("io.gonext.engine.GuestAccess");
  static final ClassDesc ACCESSES = ClassDesc.of("io.gonext.engine.AccessTemplate");
  static final ClassDesc NUMBERS = ClassDesc.of("io.gonext.engine.GuestNumbers");
  static final ClassDesc GLOBAL = ClassDesc.of("io.gonext.engine.GuestGlobal");
  static final ClassDesc REFERENCE = ClassDesc.of("io.gonext.engine.FunctionReference");
  static final ClassDesc TAG = ClassDesc.of("io.gonext.engine.GuestTag");
  static final ClassDesc EXCEPTION = ClassDesc.of("io.gonext.engine.GuestException");
  static final ClassDesc BYTES = ConstantDescs.CD_byte.arrayType();
  static final ClassDesc LONGS = ConstantDescs.CD_long.arrayType();

  /** Of {@code GuestCode.enter}. */
  static final MethodTypeDesc ENTER =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int, CODE);

  static final ClassDesc FAILURE = ClassDesc.of("java.lang.RuntimeException");

  /** The instance's class. */
  final ClassDesc main;

  private final ModuleShape module;
  private final ClassDesc[] groups;
  private final int[] groupOf;

  /**
   * Names for a module.
   *
   * @param groupOf the group of each function that is not imported
   * @param groups how many groups there are; each is one class
   */
  Names(String className, ModuleShape module, int[] groupOf, int groups) {
    this.main = ClassDesc.of(className);
    this.module = module;
    this.groupOf = groupOf;
    this.groups = new ClassDesc[groups];
    for (int i = 0; i < groups; i++) {
      this.groups[i] = ClassDesc.of(className + CompiledFunctions.GROUP + i);
    }
  }

  ClassDesc group(int index) {
    return groups[index];
  }

  /** The class that has this function. Imported functions are in the instance's class. */
  ClassDesc owner(int function) {
    int own = function - module.importedFunctions();
    return own < 0 ? main : groups[groupOf[own]];
  }

  static String function(int function) {
    return CompiledFunctions.METHOD_PREFIX + function;
  }

  /** The method that runs a function to its end, tail calls included. */
  String callee(int function) {
    return module.tailCallers().get(function)
        ? CompiledFunctions.CALL_PREFIX + function
        : function(function);
  }

  /** Whether a function of this type gets its arguments by {@link Spill}. */
  static boolean isWide(Signature type) {
    return Kind.slots(type.parameters()) > MOST_SLOTS;
  }

  /** The descriptor of a function of this type. The first result is returned. */
  MethodTypeDesc descriptor(Signature type) {
    List<ClassDesc> parameters = new ArrayList<>();
    if (!isWide(type)) {
      for (byte parameter : type.parameters()) {
        parameters.add(Kind.of(parameter).descriptor);
      }
    }
    parameters.add(main);
    return MethodTypeDesc.of(result(type), parameters);
  }

  private static ClassDesc result(Signature type) {
    return type.results().length == 0
        ? ConstantDescs.CD_void
        : Kind.of(type.results()[0]).descriptor;
  }

  /** The method that calls a function of this type in a table. */
  String indirect(int canonicalType, int table) {
    return CompiledFunctions.INDIRECT_PREFIX + canonicalType + "_" + table;
  }

  /** As {@link #descriptor}, with the index in the table before the instance. */
  MethodTypeDesc indirectDescriptor(Signature type) {
    MethodTypeDesc direct = descriptor(type);
    return direct.insertParameterTypes(direct.parameterCount() - 1, ConstantDescs.CD_int);
  }

  static String globalField(int index) {
    return "g" + index;
  }
}
