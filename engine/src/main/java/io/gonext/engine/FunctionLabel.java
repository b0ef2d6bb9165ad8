package io.gonext.engine;

import java.util.function.IntFunction;

/**
 * A function as a refusal names it: {@code 12 (main.choose)}, or its index alone where the module
 * does not say. The name is looked for only when it is needed.
 *
 * @param names a function's name by its index; empty where it has none
 */
record FunctionLabel(int index, IntFunction<String> names) {
  @Override
  public String toString() {
    String name = names.apply(index);
    return name.isEmpty() ? String.valueOf(index) : index + " (" + name + ")";
  }
}
