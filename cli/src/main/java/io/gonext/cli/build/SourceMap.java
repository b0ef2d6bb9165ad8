package io.gonext.cli.build;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A source map of a WebAssembly module, as AssemblyScript's compiler writes it beside the module.
 *
 * <p>Source: ECMA-426. A module is one line, and columns are offsets in its file.
 *
 * @param sources the paths of source files
 * @param rows by ascending offset
 */
record SourceMap(List<String> sources, List<Row> rows) {
  private static final String DIGITS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  /** {@link Row#source} of code that is of no source file. */
  static final int NO_SOURCE = -1;

  SourceMap {
    sources = List.copyOf(sources);
    rows = List.copyOf(rows);
  }

  /**
   * Where the code from an offset on comes from, up to the next row.
   *
   * @param offset in the module's file
   * @param source an index, or {@link #NO_SOURCE}
   * @param line from 1
   * @param column from 1
   */
  record Row(int offset, int source, int line, int column) {}

  /**
   * Reads a map.
   *
   * @throws IllegalArgumentException when it is not a map of version 3 for one line of output
   */
  static SourceMap parse(byte[] json) {
    JsonNode map;
    try {
      map = StrictJson.parse(json);
    } catch (InvalidJsonException e) {
      throw new IllegalArgumentException(e);
    }
    // Not below sourceRoot: AssemblyScript's is made up, and its paths are those of the project.
    List<String> sources = new ArrayList<>();
    map.path("sources").forEach(source -> sources.add(source.asString("")));
    if (map.path("version").asInt(0) != 3 || !map.path("mappings").isString()) {
      throw new IllegalArgumentException("it is not a source map of version 3");
    }
    return new SourceMap(sources, new Reader(map.path("mappings").asString("")).rows(sources));
  }

  /** Reads the mappings: numbers in base 64, each the difference from the one before it. */
  private static final class Reader {
    private final byte[] text;
    private int at;

    Reader(String mappings) {
      this.text = mappings.getBytes(StandardCharsets.ISO_8859_1);
    }

    List<Row> rows(List<String> sources) {
      List<Row> rows = new ArrayList<>();
      int offset = 0;
      int source = 0;
      int line = 0;
      int column = 0;
      while (at < text.length) {
        offset += number();
        boolean isKnown = isInSegment();
        if (isKnown) {
          source += number();
          line += number();
          column += number();
        }
        if (isInSegment()) {
          var _ = number(); // The index of a name.
        }
        if (isKnown && (source < 0 || source >= sources.size() || line < 0 || column < 0)) {
          throw new IllegalArgumentException(
              "its mappings name a source or a line that is not there");
        }
        rows.add(
            isKnown
                ? new Row(offset, source, line + 1, column + 1)
                : new Row(offset, NO_SOURCE, 0, 0));
        if (at < text.length && text[at++] != ',') {
          throw new IllegalArgumentException("its mappings have more than one line");
        }
      }
      return rows;
    }

    private boolean isInSegment() {
      return at < text.length && text[at] != ',' && text[at] != ';';
    }

    private int number() {
      int value = 0;
      for (int shift = 0; shift < Integer.SIZE && at < text.length; shift += 5) {
        int digit = DIGITS.indexOf(text[at++] & 0xFF);
        if (digit < 0) {
          break;
        }
        value |= (digit & 31) << shift;
        if (digit < 32) {
          return (value & 1) == 0 ? value >>> 1 : -(value >>> 1);
        }
      }
      throw new IllegalArgumentException("its mappings are not numbers in base 64");
    }
  }
}
