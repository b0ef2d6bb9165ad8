package io.gonext.engine.dwarf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a module's source by place in its code, from DWARF's line number information,
 * versions 2 to 5. The files' names are decoded for the places that are asked for.
 *
 * <p>The information is the guest's and may be anything: what is malformed gives no line. Building
 * takes time linear in the section; the index is at most {@value #MOST_SEQUENCES} entries. All
 * answers of one {@link Lookup} read at most {@value #MOST_LOOKUP_BYTES} bytes together.
 *
 * <p>Immutable. Source: DWARF 5, chapter 6.2; that addresses count from the code section's contents
 * is WebAssembly's convention (tool-conventions, Dwarf).
 */
public final class SourceLines {
  private static final int MOST_SEQUENCES = 1 << 16;

  /** A unit is a file of the source, or a part of a Rust crate. */
  private static final int MOST_UNITS = 1 << 16;

  /**
   * What a backtrace may read, which takes some milliseconds of the call that trapped. A frame of a
   * Rust program with its standard library reads some 10 KB.
   */
  static final int MOST_LOOKUP_BYTES = 1 << 19;

  /**
   * Compilers for WebAssembly emit a sequence for each function, and no compiled function has more
   * than 65,535 bytes.
   */
  private static final int MOST_SEQUENCE_BYTES = 1 << 18;

  /** A longer path is cut. */
  private static final int MOST_PATH_BYTES = 512;

  /**
   * The rows from one address up to another.
   *
   * @param low the first address
   * @param high the first address after the last one
   * @param unit where the unit begins in the section
   * @param program where in the unit's program the sequence begins
   * @param bytes how long it is
   */
  private record Sequence(int low, int high, int unit, int program, int bytes) {}

  /**
   * A line of the source.
   *
   * @param path the file's path as the section has it: unescaped, and of bounded length
   * @param number from 1
   */
  public record Line(String path, int number) {}

  private final byte[] section;
  private final byte[] strings;

  /** By ascending address. */
  private final List<Sequence> sequences;

  private SourceLines(byte[] section, byte[] strings, List<Sequence> sequences) {
    this.section = section;
    this.strings = strings;
    this.sequences = sequences;
  }

  /**
   * An index of the lines.
   *
   * @param section the section {@code .debug_line}
   * @param strings the section {@code .debug_line_str}, which only version 5 uses
   */
  public static SourceLines of(byte[] section, byte[] strings) {
    var found = new ArrayList<Sequence>();
    try {
      var in = new DwarfCursor(section, 0, section.length);
      for (int units = 0;
          units < MOST_UNITS && !in.isAtEnd() && found.size() < MOST_SEQUENCES;
          units++) {
        int unit = in.position();
        in.skip(in.u32());
        index(section, unit, found);
      }
    } catch (DwarfCursor.MalformedException e) {
      // The units before it are good.
      found.trimToSize();
    }
    found.sort(Comparator.comparingInt(Sequence::low));
    return new SourceLines(section, strings, List.copyOf(found));
  }

  private static void index(byte[] section, int unit, List<Sequence> found) {
    try {
      var header = LineHeader.read(section, unit);
      var program = new LineProgram(header, header.program());
      int start = program.position();
      boolean first = true;
      long low = 0;
      while (found.size() < MOST_SEQUENCES && program.next()) {
        if (first) {
          low = program.address();
          first = false;
        }
        if (program.endsSequence()) {
          long high = program.address();
          // The linker gives address 0, or the highest, to functions that it dropped.
          if (0 < low
              && low < high
              && high < Integer.MAX_VALUE
              && program.position() - start <= MOST_SEQUENCE_BYTES) {
            int bytes = program.position() - start;
            found.add(new Sequence((int) low, (int) high, unit, start, bytes));
          }
          start = program.position();
          first = true;
        }
      }
    } catch (DwarfCursor.MalformedException e) {
      // Its earlier sequences are good, and so are the other units.
      return;
    }
  }

  /** Answers for one backtrace, within what that may read. */
  public Lookup lookup() {
    return new Lookup();
  }

  /** The lines of some instructions. One thread. */
  public final class Lookup {
    private int left = MOST_LOOKUP_BYTES;

    /**
     * The line of an instruction.
     *
     * @param address its distance from the beginning of the code section's contents
     * @return null where there is none, or where finding it would read too much
     */
    public @Nullable Line at(int address) {
      int index = lastAtOrBelow(address);
      if (index < 0 || address >= sequences.get(index).high()) {
        return null;
      }
      Sequence sequence = sequences.get(index);
      try {
        var header = LineHeader.read(section, sequence.unit());
        long cost = sequence.bytes() + header.pathBytes(MOST_PATH_BYTES);
        if (cost > left) {
          return null;
        }
        left -= (int) cost;
        return find(sequence, header, address);
      } catch (DwarfCursor.MalformedException e) {
        return null;
      }
    }

    private @Nullable Line find(Sequence sequence, LineHeader header, int address)
        throws DwarfCursor.MalformedException {
      var program = new LineProgram(header, header.programFrom(sequence.program()));
      long file = -1;
      long line = -1;
      while (program.next() && program.address() <= address && !program.endsSequence()) {
        file = program.file();
        line = program.line();
      }
      if (line <= 0 || line > Integer.MAX_VALUE) {
        return null;
      }
      String path = header.path(file, strings, MOST_PATH_BYTES);
      return path == null ? null : new Line(path, (int) line);
    }
  }

  private int lastAtOrBelow(int address) {
    int low = 0;
    int high = sequences.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sequences.get(middle).low() <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }
}
