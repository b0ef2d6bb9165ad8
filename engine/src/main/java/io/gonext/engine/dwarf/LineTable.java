package io.gonext.engine.dwarf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All rows of a module's line number information, decoded, for many lookups. It has at most {@value
 * #MOST_ROWS} rows; places after these have no line. Immutable.
 */
public final class LineTable {
  /** Together 64 MB. Go's compiler of 2026, compiled to WebAssembly, has a tenth of that. */
  private static final int MOST_ROWS = 1 << 22;

  /** The most bytes of headers that are read for the names of files. */
  private static final long MOST_PATH_BYTES = 1L << 28;

  private static final int NO_FILE = -1;

  /** By ascending address; a row reaches to the next one. */
  private long[] rows = new long[1024];

  private int[] files = new int[1024];
  private int[] numbers = new int[1024];
  private int size;
  private final List<String> paths = new ArrayList<>();
  private final Map<String, Integer> pathIndex = new HashMap<>();
  private long pathBytesLeft = MOST_PATH_BYTES;

  LineTable() {}

  /** Decodes the rows of a sequence. */
  void add(LineHeader header, LineProgram program, byte[] strings, Map<Long, Integer> filesOfUnit)
      throws DwarfCursor.MalformedException {
    while (size < MOST_ROWS && program.next()) {
      if (program.endsSequence()) {
        row(program.address(), NO_FILE, 0);
        return;
      }
      Integer file = filesOfUnit.get(program.file());
      if (file == null) {
        file = file(header, program.file(), strings);
        filesOfUnit.put(program.file(), file);
      }
      long number = program.line();
      boolean isKnown = 0 < number && number <= Integer.MAX_VALUE;
      row(program.address(), isKnown ? file : NO_FILE, (int) number);
    }
  }

  private int file(LineHeader header, long file, byte[] strings)
      throws DwarfCursor.MalformedException {
    pathBytesLeft -= header.pathBytes(SourceLines.MOST_PATH_BYTES);
    String path =
        pathBytesLeft < 0 ? null : header.path(file, strings, SourceLines.MOST_PATH_BYTES);
    if (path == null) {
      return NO_FILE;
    }
    return pathIndex.computeIfAbsent(
        path,
        added -> {
          paths.add(added);
          return paths.size() - 1;
        });
  }

  private void row(long address, int file, int number) {
    if (address < 0 || address > Integer.MAX_VALUE) {
      return;
    }
    if (size == rows.length) {
      rows = Arrays.copyOf(rows, 2 * size);
      files = Arrays.copyOf(files, 2 * size);
      numbers = Arrays.copyOf(numbers, 2 * size);
    }
    files[size] = file;
    numbers[size] = number;
    // The order in which rows came is the order of those of one address, of which the last counts.
    rows[size] = address << Integer.SIZE | size;
    size++;
  }

  /** Sorts the rows. */
  LineTable sorted() {
    rows = Arrays.copyOf(rows, size);
    Arrays.sort(rows);
    return this;
  }

  /**
   * The line of an instruction, without the column.
   *
   * @param address the offset from the beginning of the code section's contents
   */
  public SourceLines.@Nullable Line at(int address) {
    int found = Arrays.binarySearch(rows, (long) address << Integer.SIZE | Integer.MAX_VALUE);
    int index = found < 0 ? -found - 2 : found;
    if (index < 0) {
      return null;
    }
    int row = (int) rows[index];
    return files[row] == NO_FILE
        ? null
        : new SourceLines.Line(paths.get(files[row]), numbers[row], 0);
  }
}
