package io.gonext.engine;

import java.util.List;
import java.util.function.IntFunction;

/**
 * The types that a function's instructions may refer to.
 *
 * @param types the module's types in order
 * @param functions how many functions there are, imported ones included
 * @param typeOf returns the type of the function with this index
 */
record ModuleTypes(List<FunctionType> types, int functions, IntFunction<FunctionType> typeOf) {
  private static final FunctionType NONE = FunctionType.of();

  /** The type with this index. An empty type if there is none; the validator reports that. */
  FunctionType type(long index) {
    return index < 0 || index >= types.size() ? NONE : types.get((int) index);
  }

  /** The type of the function with this index. An empty type if there is none. */
  FunctionType ofFunction(long index) {
    return index >= functions ? NONE : typeOf.apply((int) index);
  }
}
