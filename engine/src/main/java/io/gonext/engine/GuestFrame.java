package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * One function of a guest's backtrace, and where in it the guest was.
 *
 * @param functionIndex its index in the module
 * @param name its name from the module's name section, demangled if it is a Rust name, or {@code
 *     func[12]} if there is none. Untrusted: the guest chose it
 * @param codeOffset the offset in the module of the instruction that trapped, or that called the
 *     previous frame's function. {@link #UNKNOWN_OFFSET} for an imported function, for a function
 *     that could not begin because the stack was exhausted, and for a place more than 64 KiB into a
 *     method
 * @param source the instruction's line, or null without debug information. If the compiler inlined
 *     another function there, this is the line in that function
 */
public record GuestFrame(
    int functionIndex, String name, int codeOffset, @Nullable SourceLocation source) {
  /** The value of an unknown code offset. */
  public static final int UNKNOWN_OFFSET = -1;

  /** The name, with the line or else the offset, if one is known. */
  @Override
  public String toString() {
    if (source != null) {
      return name + " (" + source + ")";
    }
    return codeOffset == UNKNOWN_OFFSET ? name : name + " @0x" + Integer.toHexString(codeOffset);
  }
}
