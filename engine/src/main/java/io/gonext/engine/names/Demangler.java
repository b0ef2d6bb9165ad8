package io.gonext.engine.names;

/**
 * Turns the names that rustc gives to functions back into what stands in the source. It knows both
 * of Rust's manglings. Names that it does not understand stay as they are. C++ names need no
 * demangler: wasm-ld writes them into the name section as they stand in the source.
 *
 * <p>Names are the guest's and may be anything: the time is linear in a name's length and in {@link
 * #MOST_TEXT_CHARS}, and the depth of recursion is bounded.
 */
public final class Demangler {
  /** The most characters of a demangled name. A name that would become longer stays mangled. */
  public static final int MOST_TEXT_CHARS = 2_048;

  /** A longer name is no compiler's. */
  private static final int MOST_CHARS = 1 << 14;

  private Demangler() {}

  /** The name as in the source, or {@code name} itself. */
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
