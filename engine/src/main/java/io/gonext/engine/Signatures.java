package io.gonext.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Counts the different signatures in all modules that an engine has loaded. HotSpot makes two
 * adapters between interpreted and compiled code for each combination of argument types that any
 * method has. They stay in the code cache, about 1.5 KB for each signature, even after the classes
 * unload. A full code cache stops the JIT for the whole process. So the count never decreases.
 *
 * <p>Safe for any number of threads.
 */
final class Signatures {
  private final int limit;
  private final Set<String> seen = new HashSet<>();

  /**
   * @param limit the most signatures, {@link EngineLimits#signatures}
   */
  Signatures(int limit) {
    this.limit = limit;
  }

  /**
   * Counts a module's signatures, before its classes are loaded.
   *
   * @throws ModuleRejectedException when the limit would be exceeded; then none is counted
   */
  synchronized void add(List<FunctionType> types) {
    Set<String> added = new HashSet<>();
    for (FunctionType type : types) {
      String kind = kind(type);
      if (!seen.contains(kind)) {
        added.add(kind);
      }
    }
    if (seen.size() + added.size() > limit) {
      throw new ModuleRejectedException(
          ModuleRejectedException.Reason.TOO_LARGE,
          0,
          "the module has "
              + added.size()
              + " signatures that no earlier module had, and this process may load "
              + (limit - seen.size())
              + " more until it is started again: the limit is "
              + limit
              + EngineLimits.raise("signatures"));
    }
    seen.addAll(added);
  }

  /** The JVM's view of a signature: it ignores the result, and all references are one type. */
  private static String kind(FunctionType type) {
    if (FunctionCost.slots(type) > FunctionCost.MOST_DIRECT_SLOTS) {
      return "boxed";
    }
    var kind = new StringBuilder();
    for (ValueType parameter : type.parameters()) {
      kind.append(
          switch (parameter) {
            case I64 -> 'J';
            case F32 -> 'F';
            case F64 -> 'D';
            default -> 'I';
          });
    }
    return kind.toString();
  }
}
