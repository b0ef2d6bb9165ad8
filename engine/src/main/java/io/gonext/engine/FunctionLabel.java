package io.gonext.engine;

import java.util.function.IntFunction;

/**
 * How a refusal names a function: {@code 12 (main.choose)}, or the index alone if the module has no
 * name for it. Looks the name up only when it is needed.
 *
 * @param names returns a function's name for its index, or an empty string
 */
record FunctionLabel(int index, IntFunction<String> names) {
  @Override
  public String toString() {
    String name = names.apply(index);
    return name.isEmpty() ? String.valueOf(index) : index + " (" + name + ")";
  }
}
