package io.gonext.engine;

import io.gonext.engine.bytecode.CountedBlocks.Counter;
import io.gonext.engine.dwarf.LineTable;
import io.gonext.engine.dwarf.SourceLines;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The places in a module that its counters are for. Safe for any number of threads. */
final class CoveredPlaces {
  private final List<Counter> counters;
  private final FunctionNames names;
  private final SourceLines lines;
  private final int codeStart;

  /** Made at the first use. A data race on it is harmless: the tables are equal. */
  private volatile @Nullable LineTable table;

  CoveredPlaces(List<Counter> counters, FunctionNames names, SourceLines lines, int codeStart) {
    this.counters = counters;
    this.names = names;
    this.lines = lines;
    this.codeStart = codeStart;
  }

  List<Counter> counters() {
    return counters;
  }

  String nameOf(int function) {
    return names.of(function);
  }

  /** The line of an instruction, or null. */
  @Nullable SourceLocation line(int offset) {
    LineTable made = table;
    if (made == null) {
      made = lines.table();
      table = made;
    }
    SourceLines.Line line = made.at(offset - codeStart);
    return line == null ? null : Backtraces.location(line);
  }
}
