package io.gonext.engine.dwarf;

/**
 * Runs a line number program of DWARF: {@link #next} continues to the next row. Each step reads at
 * least one byte of the program, so the time is linear.
 *
 * <p>Source: DWARF 5, chapters 6.2.2 (registers) and 6.2.5 (the program).
 */
final class LineProgram {
  private static final int ADDRESS_BYTES = 4;
  private static final int LONG_ADDRESS_BYTES = 8;

  private final LineHeader header;
  private final DwarfCursor in;

  private long address;
  private long file;
  private long line;
  private long column;
  private boolean endsSequence;

  LineProgram(LineHeader header, DwarfCursor program) {
    this.header = header;
    this.in = program;
    reset();
  }

  private void reset() {
    address = 0;
    file = 1;
    line = 1;
    column = 0;
    endsSequence = false;
  }

  /** The position in the section. */
  int position() {
    return in.position();
  }

  /** The row's address, counted from the beginning of the code. */
  long address() {
    return address;
  }

  /** The row's file: an index into the header's table of files. */
  long file() {
    return file;
  }

  /** The row's line number. */
  long line() {
    return line;
  }

  /** The row's column, from 1; 0 if it is not known. */
  long column() {
    return column;
  }

  /** Whether the row only marks the end of the sequence. */
  boolean endsSequence() {
    return endsSequence;
  }

  /** Continues to the next row. False at the end of the program. */
  boolean next() throws DwarfCursor.MalformedException {
    if (endsSequence) {
      reset();
    }
    while (!in.isAtEnd()) {
      int opcode = in.u8();
      boolean row =
          opcode >= header.opcodeBase()
              ? special(opcode)
              : opcode == 0 ? extended() : standard(opcode);
      if (row) {
        return true;
      }
    }
    return false;
  }

  private boolean special(int opcode) {
    int adjusted = opcode - header.opcodeBase();
    advance(adjusted / header.lineRange());
    line += header.lineBase() + adjusted % header.lineRange();
    return true;
  }

  private void advance(long operations) {
    address += header.minimumInstructionBytes() * operations;
  }

  private boolean extended() throws DwarfCursor.MalformedException {
    DwarfCursor operation = in.slice(in.unsigned());
    switch (operation.u8()) {
      case 1 -> { // DW_LNE_end_sequence
        endsSequence = true;
        return true;
      }
      case 2 -> { // DW_LNE_set_address
        int bytes = operation.remaining();
        if (bytes != ADDRESS_BYTES && bytes != LONG_ADDRESS_BYTES) {
          throw new DwarfCursor.MalformedException();
        }
        address = operation.u32();
        if (bytes == LONG_ADDRESS_BYTES) {
          address |= operation.u32() << 32;
        }
      }
      default -> {
        // Skip late file definitions, discriminators, and extensions of vendors.
      }
    }
    return false;
  }

  private boolean standard(int opcode) throws DwarfCursor.MalformedException {
    switch (opcode) {
      case 1 -> { // DW_LNS_copy
        return true;
      }
      case 2 -> advance(in.unsigned()); // DW_LNS_advance_pc
      case 3 -> line += in.signed(); // DW_LNS_advance_line
      case 4 -> file = in.unsigned(); // DW_LNS_set_file
      case 5 -> column = in.unsigned(); // DW_LNS_set_column
      case 8 -> advance((255 - header.opcodeBase()) / header.lineRange()); // DW_LNS_const_add_pc
      case 9 -> address += in.u16(); // DW_LNS_fixed_advance_pc
      default -> {
        // Skip flags, and operations of later versions. The header has the number of
        // operands.
        for (int i = 0; i < header.operands(opcode); i++) {
          in.unsigned();
        }
      }
    }
    return false;
  }
}
