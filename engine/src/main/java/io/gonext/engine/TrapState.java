package io.gonext.engine;

import java.util.List;

/**
 * What an instance was like when a trap ended it: how its memory was used, and its globals. It has
 * none of the memory's bytes.
 *
 * @param pages the memory's size, in pages of 64 KiB
 * @param maximumPages the most that it could have had
 * @param parts the parts of the memory by address, without gaps; empty without a memory
 * @param globals the globals that are numbers, at most {@value #MOST_GLOBALS}, by index
 */
public record TrapState(int pages, int maximumPages, List<Part> parts, List<Global> globals) {
  /** The most globals that are kept. Compilers make a handful. */
  public static final int MOST_GLOBALS = 256;

  /** Copies the lists. */
  public TrapState {
    parts = List.copyOf(parts);
    globals = List.copyOf(globals);
  }

  /** What a part of the memory is for; see {@link MemoryLayout}. */
  public enum Kind {
    /** What the data segments filled, and the variables after it. */
    DATA,
    /** The stack that the compiler keeps in memory. */
    STACK,
    /** What the guest's allocator gives out. */
    HEAP,
    /** The module does not say what it is for. */
    OTHER
  }

  /**
   * A part of the memory.
   *
   * @param from its first byte
   * @param to its end
   * @param writtenBytes the bytes in blocks of 4 KiB that were written since the start or the last
   *     reset
   */
  public record Part(Kind kind, long from, long to, long writtenBytes) {}

  /**
   * A global.
   *
   * @param name as the module names it, which is its claim; empty if it does not
   * @param bits its value; an i32 is sign-extended
   */
  public record Global(int index, String name, ValueType type, boolean isMutable, long bits) {}
}
