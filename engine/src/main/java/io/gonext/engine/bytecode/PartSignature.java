package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/**
 * What the JVM method of a part takes and leaves. It takes operands and locals as parameters, or in
 * fields if there are too many. With at most one exit it returns the first value and leaves the
 * others in fields; with several, it returns the exit's number and leaves all values in fields.
 */
final class PartSignature {
  private PartSignature() {}

  /** The name of a part's method. */
  static String name(FunctionCode code, Part part) {
    if (part.isFunction()) {
      return Names.function(code.function);
    }
    String number =
        code.resumedLoop >= 0 ? CompiledFunctions.RESUMED + part.number : "" + part.number;
    return CompiledFunctions.part(code.function, part.position - code.start, number);
  }

  /** The descriptor of a part's method. */
  static MethodTypeDesc descriptor(FunctionCode code, Part part, Names names) {
    if (part.isFunction()) {
      return names.descriptor(code.signature);
    }
    List<ClassDesc> parameters = new ArrayList<>();
    if (!isWide(code, part)) {
      inputs(code, part).forEach(kind -> parameters.add(kind.descriptor));
    }
    parameters.add(names.main);
    return MethodTypeDesc.of(result(code, part), parameters);
  }

  static ClassDesc result(FunctionCode code, Part part) {
    if (part.returnsExit()) {
      return CD_int;
    }
    List<Kind> results = results(code, part);
    return results.isEmpty() ? CD_void : results.getFirst().descriptor;
  }

  static boolean isWide(FunctionCode code, Part part) {
    int slots = Kind.slots(part.operands);
    for (int local : part.inputs) {
      slots += Kind.of(code.locals[local]).slots();
    }
    return slots > Names.MOST_SLOTS;
  }

  /** The kinds of what a part takes: operands, then locals. */
  static List<Kind> inputs(FunctionCode code, Part part) {
    List<Kind> kinds = kinds(part.operands);
    kinds.addAll(kinds(code, part.inputs));
    return kinds;
  }

  /** The kinds of what a part with at most one exit leaves: operands, then locals. */
  static List<Kind> results(FunctionCode code, Part part) {
    if (part.exits.isEmpty()) {
      return List.of();
    }
    List<Kind> kinds = kinds(values(code, part, part.exits.nextSetBit(0)));
    kinds.addAll(outputs(code, part));
    return kinds;
  }

  static List<Kind> outputs(FunctionCode code, Part part) {
    return kinds(code, part.outputs);
  }

  static List<Kind> kinds(FunctionCode code, int[] locals) {
    List<Kind> kinds = new ArrayList<>(locals.length);
    for (int local : locals) {
      kinds.add(Kind.of(code.locals[local]));
    }
    return kinds;
  }

  /** The types of the operands that a part leaves at an exit. */
  static byte[] values(FunctionCode code, Part part, int exit) {
    return exit == Part.FALL ? part.fall : code.labelTypes(code.target(part.from, exit));
  }

  static List<Kind> kinds(byte[] types) {
    List<Kind> kinds = new ArrayList<>(types.length);
    for (byte type : types) {
      kinds.add(Kind.of(type));
    }
    return kinds;
  }
}
