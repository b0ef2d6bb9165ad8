package io.gonext.cli.output;

import io.gonext.engine.PlainText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** A table as text. A column is as wide as its widest cell; an empty cell is a hyphen. */
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();

  /** A table without rows yet. */
  public Table(String... heads) {
    rows.add(List.of(heads));
  }

  /** Adds a row: a cell for each head. */
  public void row(List<String> cells) {
    rows.add(cells.stream().map(cell -> cell.isEmpty() ? "-" : printable(cell)).toList());
  }

  /**
   * Prints the rows, or a sentence when there are none.
   *
   * @param none the sentence
   */
  public void print(PrintWriter out, String none) {
    if (rows.size() == 1) {
      out.println(none);
      return;
    }
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String cell = row.get(i);
        line.append(cell);
        if (i < columns - 1) {
          line.append(" ".repeat(widths[i] - cell.length() + 2));
        }
      }
      out.println(line);
    }
  }

  /** A tab would shift the columns after it. */
  private static String printable(String cell) {
    return PlainText.of(cell.replace('\t', ' '));
  }
}
