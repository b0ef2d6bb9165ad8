package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * One function of a guest's backtrace, and where in it the guest was.
 *
 * @param functionIndex its index in the module
 * @param name its name from the module's name section, demangled where it is one of Rust's, or
 *     {@code func[12]} where there is none. The guest's claim
 * @param codeOffset where in the module's bytes the instruction is that trapped or called the
 *     function before; {@link #UNKNOWN_OFFSET} for a function that the stack's end prevented from
 *     beginning, and for one that is interpreted
 * @param source the instruction's line, or null where the module has no debug information. The line
 *     of a function that was inlined there is that function's
 */
public record GuestFrame(
    int functionIndex, String name, int codeOffset, @Nullable SourceLocation source) {
  /** The code offset where it is not known. */
  public static final int UNKNOWN_OFFSET = -1;

  /** The name, and the line or else the offset where there is one. */
  @Override
  public String toString() {
    if (source != null) {
      return name + " (" + source + ")";
    }
    return codeOffset == UNKNOWN_OFFSET ? name : name + " @0x" + Integer.toHexString(codeOffset);
  }
}
