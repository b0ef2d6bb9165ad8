package io.gonext.engine.names;

/**
 * Demangles Rust's function names, in both of Rust's schemes. A name that it does not understand
 * stays as it is. C++ names need no demangler, because wasm-ld demangles them in the name section.
 *
 * <p>Names are untrusted. The time is linear in the name's length and in {@link #MOST_TEXT_CHARS},
 * and the depth of recursion is bounded.
 */
public final class Demangler {
  /** The most characters of a demangled name. A name that would become longer stays mangled. */
  public static final int MOST_TEXT_CHARS = 2_048;

  /** Compilers do not emit longer names. */
  private static final int MOST_CHARS = 1 << 14;

  private Demangler() {}

  /** The name as in the source, or {@code name} if it is not a Rust name. */
  public static String demangle(String name) {
    if (name.length() > MOST_CHARS) {
      return name;
    }
    try {
      if (name.startsWith("_R")) {
        return RustName.demangle(name);
      }
      if (name.startsWith("_ZN") && LegacyRustName.isOne(name)) {
        return LegacyRustName.demangle(name);
      }
      return name;
    } catch (MangledName.UnknownFormException e) {
      return name;
    }
  }
}
