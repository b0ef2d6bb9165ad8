package io.gonext.engine;

import java.util.HashSet;
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
   * Counts the signatures of a module's methods, before its classes are loaded.
   *
   * @param signatures as in {@link io.gonext.engine.bytecode.EmittedClasses}
   * @throws ModuleRejectedException when the limit would be exceeded; then none is counted
   */
  synchronized void add(Set<String> signatures) {
    Set<String> added = new HashSet<>(signatures);
    added.removeAll(seen);
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
}
