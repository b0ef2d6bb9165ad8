package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.List;

/** Emits the instructions that are calls of {@code GuestCode}. */
final class Bulk {
  private Bulk() {}

  /**
   * Emits an instruction.
   *
   * @param first its first immediate
   * @param second its second one
   * @param instance the slot with the instance
   */
  static void emit(CodeBuilder to, int op, int first, int second, int instance) {
    switch (op) {
      case Op.MEMORY_SIZE -> call(to, "memorySize", CD_int, instance, List.of());
      case Op.MEMORY_GROW -> call(to, "memoryGrow", CD_int, instance, List.of(CD_int));
      case Op.MEMORY_COPY -> call(to, "memoryCopy", CD_void, instance, ints());
      case Op.MEMORY_FILL -> call(to, "memoryFill", CD_void, instance, ints());
      case Op.MEMORY_INIT -> call(to, "memoryInit", CD_void, instance, ints(), first);
      case Op.DATA_DROP -> call(to, "dataDrop", CD_void, instance, List.of(), first);
      case Op.TABLE_GET -> call(to, "tableGet", CD_Object, instance, List.of(CD_int), first);
      case Op.TABLE_SET ->
          call(to, "tableSet", CD_void, instance, List.of(CD_int, CD_Object), first);
      case Op.TABLE_SIZE -> call(to, "tableSize", CD_int, instance, List.of(), first);
      case Op.TABLE_GROW ->
          call(to, "tableGrow", CD_int, instance, List.of(CD_Object, CD_int), first);
      case Op.TABLE_FILL ->
          call(to, "tableFill", CD_void, instance, List.of(CD_int, CD_Object, CD_int), first);
      case Op.TABLE_COPY -> call(to, "tableCopy", CD_void, instance, ints(), first, second);
      case Op.TABLE_INIT -> call(to, "tableInit", CD_void, instance, ints(), first, second);
      case Op.ELEM_DROP -> call(to, "elementDrop", CD_void, instance, List.of(), first);
      case Op.REF_FUNC -> call(to, "reference", CD_Object, instance, List.of(), first);
      default -> throw new IllegalArgumentException("instruction " + Integer.toHexString(op));
    }
  }

  private static List<ClassDesc> ints() {
    return List.of(CD_int, CD_int, CD_int);
  }

  private static void call(
      CodeBuilder to,
      String method,
      ClassDesc result,
      int instance,
      List<ClassDesc> operands,
      int... immediates) {
    var parameters = new ArrayList<>(operands);
    for (int immediate : immediates) {
      to.loadConstant(immediate);
      parameters.add(CD_int);
    }
    parameters.add(Names.CODE);
    to.aload(instance).invokestatic(Names.CODE, method, MethodTypeDesc.of(result, parameters));
  }
}
