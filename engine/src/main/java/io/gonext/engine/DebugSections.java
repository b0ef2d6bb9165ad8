package io.gonext.engine;

import java.util.Arrays;

/**
 * What a backtrace needs to find a trap's source line: where the module's code is, and its DWARF
 * line sections.
 *
 * @param codeStart the offset of the code section's contents in the module; debug information
 *     counts from there
 * @param lines the section {@code .debug_line}, empty when there is none
 * @param strings the section {@code .debug_line_str}, empty when there is none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and private to the package
record DebugSections(int codeStart, byte[] lines, byte[] strings) {
  /**
   * Larger sections are dropped, because a kept section stays in the heap as long as the module. A
   * plugin with all of Rust's standard library has half a megabyte.
   */
  static final int MOST_BYTES = 16 << 20;

  /** The value before the module is read. */
  static final DebugSections NONE = new DebugSections(0, new byte[0], new byte[0]);

  DebugSections withCode(int start) {
    return new DebugSections(start, lines, strings);
  }

  /** A copy with this custom section, if it is one of the two line sections. */
  DebugSections with(String name, byte[] module, int from, int to) {
    if (to - from > MOST_BYTES) {
      return this;
    }
    return switch (name) {
      case ".debug_line" ->
          new DebugSections(codeStart, Arrays.copyOfRange(module, from, to), strings);
      case ".debug_line_str" ->
          new DebugSections(codeStart, lines, Arrays.copyOfRange(module, from, to));
      default -> this;
    };
  }
}
