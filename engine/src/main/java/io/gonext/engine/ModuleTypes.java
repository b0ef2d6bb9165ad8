package io.gonext.engine;

import java.util.List;
import java.util.function.IntFunction;

/**
 * The types that a function's instructions may name.
 *
 * @param types the module's types in order
 * @param functions how many functions there are, imported ones included
 * @param typeOf the type of the function of this index
 */
record ModuleTypes(List<FunctionType> types, int functions, IntFunction<FunctionType> typeOf) {
  private static final FunctionType NONE = FunctionType.of();

  /** The type of this index; of no effect where there is none, which the validator tells. */
  FunctionType type(long index) {
    return index < 0 || index >= types.size() ? NONE : types.get((int) index);
  }

  /** The type of the function of this index; of no effect where there is none. */
  FunctionType ofFunction(long index) {
    return index >= functions ? NONE : typeOf.apply((int) index);
  }
}
