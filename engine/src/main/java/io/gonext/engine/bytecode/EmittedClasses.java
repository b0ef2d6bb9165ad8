package io.gonext.engine.bytecode;

import java.util.Map;
import java.util.Set;

/**
 * A module's classes.
 *
 * @param classes the bytes of each class by its name; the arrays are never changed
 * @param signatures the different combinations of parameters that methods have, one letter for each
 *     parameter as in a descriptor, with L for every reference
 */
public record EmittedClasses(Map<String, byte[]> classes, Set<String> signatures) {
  /** The size of all classes. */
  public long bytes() {
    return classes.values().stream().mapToLong(content -> content.length).sum();
  }
}
