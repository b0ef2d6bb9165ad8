package io.gonext.cli.build;

import io.gonext.cli.build.SourceMap.Row;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a source map into its module as the section that other compilers write: {@code
 * .debug_line}. So backtraces, profiles, replays and coverage read one format for all languages,
 * and a bundle leaves these lines out as it leaves out those of others.
 *
 * <p>Source: DWARF 4, chapter 6.2. A function has a sequence of its own, as readers expect it.
 */
final class SourceMapLines {
  private static final int HEADER_BYTES = 8;
  private static final int CUSTOM = 0;
  private static final int CODE = 10;
  private static final String SECTION = ".debug_line";

  /** The numbers of operands of the standard operations 1 to 12. */
  private static final byte[] OPERANDS = {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1};

  private static final int COPY = 1;
  private static final int ADVANCE_ADDRESS = 2;
  private static final int ADVANCE_LINE = 3;
  private static final int SET_FILE = 4;
  private static final int SET_COLUMN = 5;

  /** The bytes of a function in the module's file. */
  private record Body(int from, int to) {}

  private SourceMapLines() {}

  /**
   * A copy of the module with the lines, and without the address of the map; a module that is not
   * valid, has no code or has such a section is returned as it is.
   */
  static byte[] into(byte[] module, SourceMap map) {
    try {
      return write(module, map);
    } catch (BufferUnderflowException | IllegalArgumentException malformed) {
      // What loads the module says what is wrong with it.
      return module;
    }
  }

  private static byte[] write(byte[] module, SourceMap map) {
    ByteBuffer in = ByteBuffer.wrap(module).position(HEADER_BYTES);
    var made = new ByteArrayOutputStream();
    made.write(module, 0, HEADER_BYTES);
    int code = 0;
    List<Body> bodies = List.of();
    while (in.hasRemaining()) {
      int begin = in.position();
      int id = in.get();
      int length = unsigned(in);
      int content = in.position();
      int end = content + length;
      String name = id == CUSTOM ? name(in) : "";
      if (name.equals(SECTION)) {
        return module;
      }
      if (id == CODE) {
        code = content;
        bodies = bodies(in);
      }
      in.position(end);
      if (!name.equals("sourceMappingURL")) {
        made.write(module, begin, end - begin);
      }
    }
    if (bodies.isEmpty()) {
      return module;
    }
    var section = new ByteArrayOutputStream();
    byte[] name = SECTION.getBytes(StandardCharsets.US_ASCII);
    section.write(name.length);
    section.writeBytes(name);
    section.writeBytes(unit(map, bodies, code));
    made.write(CUSTOM);
    unsigned(made, section.size());
    made.writeBytes(section.toByteArray());
    return made.toByteArray();
  }

  private static List<Body> bodies(ByteBuffer in) {
    int count = unsigned(in);
    List<Body> bodies = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = unsigned(in);
      int from = in.position();
      in.position(from + length);
      bodies.add(new Body(from, in.position()));
    }
    return bodies;
  }

  private static byte[] unit(SourceMap map, List<Body> bodies, int code) {
    var tables = new ByteArrayOutputStream();
    tables.writeBytes(new byte[] {1, 1, 1, -5, 14, (byte) (OPERANDS.length + 1)});
    tables.writeBytes(OPERANDS);
    tables.write(0); // No directories.
    for (String source : map.sources()) {
      // The format ends a path with a zero byte, and an empty one ends the table.
      tables.writeBytes(
          (source.isEmpty() ? "?" : source.replace('\0', '?')).getBytes(StandardCharsets.UTF_8));
      tables.writeBytes(new byte[4]);
    }
    tables.write(0);
    var program = new ByteArrayOutputStream();
    int next = 0;
    for (Body body : bodies) {
      next = sequence(map.rows(), next, body, code, program);
    }
    int header = Short.BYTES + Integer.BYTES;
    return ByteBuffer.allocate(Integer.BYTES + header + tables.size() + program.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(header + tables.size() + program.size())
        .putShort((short) 4)
        .putInt(tables.size())
        .put(tables.toByteArray())
        .put(program.toByteArray())
        .array();
  }

  /** Writes the rows of a function, and returns the first row after it. */
  private static int sequence(
      List<Row> rows, int first, Body body, int code, ByteArrayOutputStream program) {
    int next = first;
    while (next < rows.size() && rows.get(next).offset() < body.from) {
      next++;
    }
    if (next == rows.size() || rows.get(next).offset() >= body.to) {
      return next;
    }
    int address = rows.get(next).offset() - code;
    program.writeBytes(new byte[] {0, 1 + Integer.BYTES, 2});
    program.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(address).array());
    int line = 1;
    for (; next < rows.size() && rows.get(next).offset() < body.to; next++) {
      Row row = rows.get(next);
      program.write(ADVANCE_ADDRESS);
      unsigned(program, row.offset() - code - address);
      address = row.offset() - code;
      program.write(ADVANCE_LINE);
      signed(program, row.line() - line);
      line = row.line();
      program.write(SET_FILE);
      unsigned(program, row.source() + 1);
      program.write(SET_COLUMN);
      unsigned(program, row.column());
      program.write(COPY);
    }
    program.write(ADVANCE_ADDRESS);
    unsigned(program, body.to - code - address);
    program.writeBytes(new byte[] {0, 1, 1});
    return next;
  }

  private static String name(ByteBuffer in) {
    int length = unsigned(in);
    if (length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  // LEB128 ----------------------------------------------------------------------------------------

  private static int unsigned(ByteBuffer in) {
    int value = 0;
    for (int shift = 0; shift < Integer.SIZE; shift += 7) {
      int part = in.get();
      value |= (part & 0x7F) << shift;
      if (part >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number of more than 32 bits");
  }

  private static void unsigned(ByteArrayOutputStream out, int value) {
    int rest = value;
    while (rest >>> 7 != 0) {
      out.write((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }

  private static void signed(ByteArrayOutputStream out, int value) {
    int rest = value;
    while (rest < -64 || rest > 63) {
      out.write((rest & 0x7F) | 0x80);
      rest >>= 7;
    }
    out.write(rest & 0x7F);
  }
}
