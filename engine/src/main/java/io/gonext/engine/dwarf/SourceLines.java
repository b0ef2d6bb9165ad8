package io.gonext.engine.dwarf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Maps places in a module's code to source lines, with DWARF's line number information, versions 2
 * to 5. Decodes file names only when they are needed.
 *
 * <p>The information is untrusted; a malformed part gives no lines. Building takes time linear in
 * the section, and the index has at most {@value #MOST_SEQUENCES} entries. All answers of one
 * {@link Lookup} together read at most {@value #MOST_LOOKUP_BYTES} bytes.
 *
 * <p>Immutable. Source: DWARF 5, chapter 6.2. Addresses count from the code section's contents, as
 * WebAssembly's tool conventions specify.
 */
public final class SourceLines {
  private static final int MOST_SEQUENCES = 1 << 16;

  /** A unit is a source file, or a part of a Rust crate. */
  private static final int MOST_UNITS = 1 << 16;

  /**
   * The most bytes that one backtrace may read. That takes a few milliseconds of the call that
   * trapped. A frame of a Rust program with its standard library reads about 10 KB.
   */
  static final int MOST_LOOKUP_BYTES = 1 << 19;

  /**
   * Compilers for WebAssembly emit a sequence for each function, and no compiled function has more
   * than 65,535 bytes.
   */
  private static final int MOST_SEQUENCE_BYTES = 1 << 18;

  /** A longer path is cut. */
  static final int MOST_PATH_BYTES = 512;

  /**
   * The rows from one address up to another.
   *
   * @param low the first address
   * @param high the end, exclusive
   * @param unit the unit's offset in the section
   * @param program the sequence's offset in the unit's program
   * @param bytes the sequence's length
   */
  private record Sequence(int low, int high, int unit, int program, int bytes) {}

  /**
   * A line of the source.
   *
   * @param path the file's path as the section has it: unescaped, and of bounded length
   * @param number from 1
   * @param column from 1; 0 if it is not known
   */
  public record Line(String path, int number, int column) {}

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
      // Keep the units before it.
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
          // The linker gives address 0 or the highest addresses to functions that it dropped.
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
      // Keep its earlier sequences and the other units.
      return;
    }
  }

  /** All lines, for more lookups than a backtrace has. Takes time linear in the section. */
  public LineTable table() {
    var table = new LineTable();
    var files = new HashMap<Integer, Map<Long, Integer>>();
    for (Sequence sequence : sequences) {
      Map<Long, Integer> known = files.computeIfAbsent(sequence.unit(), _ -> new HashMap<>());
      decode(sequence, known, table);
    }
    return table.sorted();
  }

  private void decode(Sequence sequence, Map<Long, Integer> files, LineTable table) {
    try {
      var header = LineHeader.read(section, sequence.unit());
      var program = new LineProgram(header, header.programFrom(sequence.program()));
      table.add(header, program, strings, files);
    } catch (DwarfCursor.MalformedException e) {
      // Keep the rows before it and the other sequences.
      return;
    }
  }

  /** Lookups for one backtrace, which share its limit of bytes. */
  public Lookup lookup() {
    return new Lookup();
  }

  /** Finds the lines of instructions. For one thread. */
  public final class Lookup {
    private int left = MOST_LOOKUP_BYTES;

    /**
     * The line of an instruction.
     *
     * @param address the offset from the beginning of the code section's contents
     * @return null if there is none, or if the search would read too much
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
      long column = 0;
      while (program.next() && program.address() <= address && !program.endsSequence()) {
        file = program.file();
        line = program.line();
        column = program.column();
      }
      if (line <= 0 || line > Integer.MAX_VALUE) {
        return null;
      }
      String path = header.path(file, strings, MOST_PATH_BYTES);
      int known = column < 0 || column > Integer.MAX_VALUE ? 0 : (int) column;
      return path == null ? null : new Line(path, (int) line, known);
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
