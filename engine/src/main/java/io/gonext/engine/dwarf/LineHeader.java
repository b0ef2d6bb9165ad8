package io.gonext.engine.dwarf;

import org.jspecify.annotations.Nullable;

/**
 * The header of one unit of DWARF's line number information.
 *
 * <p>Source: DWARF 5, chapter 6.2.4, and the same chapter of versions 2 to 4. WebAssembly has
 * neither the 64-bit format nor several operations in an instruction.
 */
final class LineHeader {
  private static final int NEWEST = 5;
  private static final int PATH = 1; // DW_LNCT_path
  private static final int DIRECTORY = 2; // DW_LNCT_directory_index

  /** A path and its directory's index. */
  private record Entry(String path, long directory) {}

  private final byte[] section;
  private final int version;
  private final int tables;
  private final int program;
  private final int end;
  private final int minimumInstructionBytes;
  private final int lineBase;
  private final int lineRange;
  private final int opcodeBase;
  private final byte[] operands;

  private LineHeader(byte[] section, int unit) throws DwarfCursor.MalformedException {
    this.section = section;
    var whole = new DwarfCursor(section, unit, section.length);
    DwarfCursor in = whole.slice(whole.u32());
    this.end = whole.position();
    this.version = in.u16();
    if (version < 2 || version > NEWEST) {
      throw new DwarfCursor.MalformedException();
    }
    if (version == NEWEST) {
      in.skip(2); // The sizes of addresses and of segment selectors.
    }
    long headerBytes = in.u32();
    if (headerBytes > in.remaining()) {
      throw new DwarfCursor.MalformedException();
    }
    this.program = in.position() + (int) headerBytes;
    this.minimumInstructionBytes = in.u8();
    if (version >= 4 && in.u8() != 1) {
      throw new DwarfCursor.MalformedException();
    }
    in.skip(1); // Whether rows are statements by default.
    this.lineBase = in.s8();
    this.lineRange = in.u8();
    this.opcodeBase = in.u8();
    if (lineRange == 0 || opcodeBase == 0) {
      throw new DwarfCursor.MalformedException();
    }
    this.operands = new byte[opcodeBase];
    for (int opcode = 1; opcode < opcodeBase; opcode++) {
      operands[opcode] = (byte) in.u8();
    }
    this.tables = in.position();
    if (tables > program) {
      throw new DwarfCursor.MalformedException();
    }
  }

  /** Reads the header of the unit that begins there. */
  static LineHeader read(byte[] section, int unit) throws DwarfCursor.MalformedException {
    return new LineHeader(section, unit);
  }

  int minimumInstructionBytes() {
    return minimumInstructionBytes;
  }

  int lineBase() {
    return lineBase;
  }

  int lineRange() {
    return lineRange;
  }

  int opcodeBase() {
    return opcodeBase;
  }

  /** The number of LEB128 operands of a standard operation. */
  int operands(int opcode) {
    return operands[opcode] & 0xFF;
  }

  /** The unit's program. */
  DwarfCursor program() throws DwarfCursor.MalformedException {
    return programFrom(program);
  }

  /** The unit's program, starting at a position in the section. */
  DwarfCursor programFrom(int position) throws DwarfCursor.MalformedException {
    return new DwarfCursor(section, position, end);
  }

  /**
   * The most bytes that a search for a {@linkplain #path path} reads: the tables twice, once for
   * the file and once for the directory's name, and two strings.
   *
   * @param most the most bytes of each string that are decoded
   */
  long pathBytes(int most) {
    return 2L * (program - tables) + 2L * most;
  }

  // Files ---------------------------------------------------------------------------------------

  /**
   * The path of a file, with its directory unless that is the compiler's working directory.
   *
   * @param strings the section {@code .debug_line_str}
   * @param most the most bytes of each part that are decoded
   * @return null if there is no such file
   */
  @Nullable String path(long file, byte[] strings, int most) throws DwarfCursor.MalformedException {
    var in = new DwarfCursor(section, tables, program);
    return version == NEWEST ? newPath(in, file, strings, most) : oldPath(in, file, most);
  }

  /** Versions 2 to 4: an empty string ends the list. Files and directories count from 1. */
  private @Nullable String oldPath(DwarfCursor in, long file, int most)
      throws DwarfCursor.MalformedException {
    while (in.skipString() > 0) {
      // Skip the directories. The file's entry, which follows, says which one it needs.
    }
    for (long index = 1; ; index++) {
      if (index == file) {
        String name = in.string(most);
        return name.isEmpty() ? null : join(oldDirectory(in.unsigned(), most), name);
      }
      if (in.skipString() == 0) {
        return null;
      }
      in.unsigned(); // Its directory,
      in.unsigned(); // when it was changed,
      in.unsigned(); // and its size.
    }
  }

  private String oldDirectory(long directory, int most) throws DwarfCursor.MalformedException {
    var in = new DwarfCursor(section, tables, program);
    for (long index = 1; index < directory; index++) {
      if (in.skipString() == 0) {
        return "";
      }
    }
    return directory == 0 ? "" : in.string(most);
  }

  /** Version 5: the tables describe their own columns. Files and directories count from 0. */
  private @Nullable String newPath(DwarfCursor in, long file, byte[] strings, int most)
      throws DwarfCursor.MalformedException {
    int directories = in.position();
    entry(in, -1, strings, most);
    Entry found = entry(in, file, strings, most);
    if (found == null || found.path().isEmpty()) {
      return null;
    }
    if (found.directory() == 0) {
      return found.path();
    }
    Entry directory =
        entry(new DwarfCursor(section, directories, program), found.directory(), strings, most);
    return join(directory == null ? "" : directory.path(), found.path());
  }

  private static String join(String directory, String name) {
    return directory.isEmpty() || name.startsWith("/") ? name : directory + "/" + name;
  }

  /** Reads a whole table. Returns the wanted entry, or null if the table has none. */
  private static @Nullable Entry entry(DwarfCursor in, long wanted, byte[] strings, int most)
      throws DwarfCursor.MalformedException {
    long[] columns = new long[2 * in.u8()];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = in.unsigned();
    }
    long count = in.unsigned();
    // Each entry takes at least a byte, so a count cannot make the loop longer than the section.
    if (count < 0 || count > in.remaining() || (columns.length == 0 && count > 0)) {
      throw new DwarfCursor.MalformedException();
    }
    Entry found = null;
    for (long index = 0; index < count; index++) {
      String path = "";
      long directory = 0;
      for (int column = 0; column < columns.length; column += 2) {
        long form = columns[column + 1];
        if (index == wanted && columns[column] == PATH) {
          path = string(in, form, strings, most);
        } else if (index == wanted && columns[column] == DIRECTORY) {
          directory = number(in, form);
        } else {
          skip(in, form);
        }
      }
      if (index == wanted) {
        found = new Entry(path, directory);
      }
    }
    return found;
  }

  // Forms: DWARF 5, chapter 7.5.6 -----------------------------------------------------------------

  private static String string(DwarfCursor in, long form, byte[] strings, int most)
      throws DwarfCursor.MalformedException {
    if (form == 0x08) { // DW_FORM_string
      return in.string(most);
    }
    if (form == 0x1F) { // DW_FORM_line_strp
      int offset = (int) Math.min(in.u32(), Integer.MAX_VALUE);
      return new DwarfCursor(strings, offset, strings.length).prefix(most);
    }
    skip(in, form);
    return "";
  }

  private static long number(DwarfCursor in, long form) throws DwarfCursor.MalformedException {
    return switch ((int) form) {
      case 0x0B -> in.u8(); // DW_FORM_data1
      case 0x05 -> in.u16(); // DW_FORM_data2
      case 0x06 -> in.u32(); // DW_FORM_data4
      case 0x0F -> in.unsigned(); // DW_FORM_udata
      default -> throw new DwarfCursor.MalformedException();
    };
  }

  private static void skip(DwarfCursor in, long form) throws DwarfCursor.MalformedException {
    switch ((int) Math.min(form, Integer.MAX_VALUE)) {
      case 0x08 -> in.skipString(); // DW_FORM_string
      case 0x0B -> in.skip(1); // DW_FORM_data1
      case 0x05 -> in.skip(2); // DW_FORM_data2
      case 0x06, 0x0E, 0x1F -> in.skip(4); // DW_FORM_data4, DW_FORM_strp, DW_FORM_line_strp
      case 0x07 -> in.skip(8); // DW_FORM_data8
      case 0x1E -> in.skip(16); // DW_FORM_data16
      case 0x09 -> in.skip(in.unsigned()); // DW_FORM_block
      case 0x0A -> in.skip(in.u8()); // DW_FORM_block1
      case 0x0D, 0x0F -> in.unsigned(); // DW_FORM_sdata, DW_FORM_udata
      default -> throw new DwarfCursor.MalformedException();
    }
  }
}
