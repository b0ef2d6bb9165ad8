package io.gonext.engine;

import java.util.Arrays;

/**
 * What a module has for finding the place of a trap: where its code is, and the parts of its debug
 * information that say which line that was.
 *
 * @param codeStart where in the module the contents of its code section begin; debug information
 *     counts from there
 * @param strippedBytes how many bytes before the code were stripped for the engine's parser
 * @param lines the section {@code .debug_line}, empty when there is none
 * @param strings the section {@code .debug_line_str}, empty when there is none
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and private to the package
record DebugSections(int codeStart, int strippedBytes, byte[] lines, byte[] strings) {
  /**
   * Larger sections are not kept: they would stay in the heap for as long as the module. A plugin
   * with all of Rust's standard library has half a megabyte.
   */
  static final int MOST_BYTES = 16 << 20;

  /** What is known before the module is read. */
  static final DebugSections NONE = new DebugSections(0, 0, new byte[0], new byte[0]);

  DebugSections withCode(int start, int stripped) {
    return new DebugSections(start, stripped, lines, strings);
  }

  /** With a custom section, if it is one of these two. */
  DebugSections with(String name, byte[] module, int from, int to) {
    if (to - from > MOST_BYTES) {
      return this;
    }
    return switch (name) {
      case ".debug_line" ->
          new DebugSections(
              codeStart, strippedBytes, Arrays.copyOfRange(module, from, to), strings);
      case ".debug_line_str" ->
          new DebugSections(codeStart, strippedBytes, lines, Arrays.copyOfRange(module, from, to));
      default -> this;
    };
  }
}
