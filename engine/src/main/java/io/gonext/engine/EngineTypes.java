package io.gonext.engine;

import java.util.List;
import run.endive.wasm.types.ValType;

/** Converts between the types of our API and Endive's. */
final class EngineTypes {
  private EngineTypes() {}

  static run.endive.wasm.types.FunctionType toEngine(FunctionType type) {
    return run.endive.wasm.types.FunctionType.of(
        toEngine(type.parameters()), toEngine(type.results()));
  }

  private static List<ValType> toEngine(List<ValueType> types) {
    return types.stream().map(EngineTypes::toEngine).toList();
  }

  private static ValType toEngine(ValueType type) {
    return switch (type) {
      case I32 -> ValType.I32;
      case I64 -> ValType.I64;
      case F32 -> ValType.F32;
      case F64 -> ValType.F64;
      case FUNCREF -> ValType.FuncRef;
      case EXTERNREF -> ValType.ExternRef;
    };
  }
}
