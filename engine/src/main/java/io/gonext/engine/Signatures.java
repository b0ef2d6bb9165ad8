package io.gonext.engine;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The different signatures of all modules that an engine has loaded. HotSpot makes two adapters,
 * between interpreted and compiled code, for each kind of arguments that any method was ever linked
 * with; they stay in the code cache, about 1.5 KB a signature, when the classes have long gone.
 * Full of them, the code cache stops the JIT for the whole process. So what was counted stays
 * counted.
 *
 * <p>Safe for any number of threads.
 */
final class Signatures {
  private final int limit;
  private final Set<String> seen = new HashSet<>();

  /**
   * @param limit the most there may be, {@link EngineLimits#signatures}
   */
  Signatures(int limit) {
    this.limit = limit;
  }

  /**
   * Counts a module's signatures, before its classes are loaded.
   *
   * @throws ModuleRejectedException when there are too many with these; none is counted then
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
              + " signatures that no module before it had, and this process may load "
              + (limit - seen.size())
              + " more until it is started again: the limit is "
              + limit
              + EngineLimits.raise("signatures"));
    }
    seen.addAll(added);
  }

  /** What the JVM tells apart: results are no part of it, and neither are references. */
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
