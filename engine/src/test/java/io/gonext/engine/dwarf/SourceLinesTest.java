package io.gonext.engine.dwarf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Line tables that no compiler emits. {@link io.gonext.engine.DebugInfoTest} tests those of
 * compilers.
 */
class SourceLinesTest {
  private static final int COPY = 1;
  private static final int ADVANCE_PC = 2;
  private static final int ADVANCE_LINE = 3;
  private static final int LARGEST_SECTION_BYTES = 16 << 20;
  private static final byte[] NO_STRINGS = {};

  /** A unit of version 4 with the file a.c and this program. */
  private static byte[] unit(int... program) {
    return unit(14, program);
  }

  private static byte[] unit(int lineRange, int[] program) {
    return unit("a.c", lineRange, program);
  }

  private static byte[] unit(String file, int[] program) {
    return unit(file, 14, program);
  }

  private static byte[] unit(String file, int lineRange, int[] program) {
    var tables = new ByteArrayOutputStream();
    tables.writeBytes(new byte[] {1, 1, 1, (byte) -5, (byte) lineRange, 13});
    tables.writeBytes(new byte[] {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1});
    tables.writeBytes(("\0" + file + "\0\0\0\0\0").getBytes(StandardCharsets.UTF_8));
    var unit = new ByteArrayOutputStream();
    u32(unit, 2 + 4 + tables.size() + program.length);
    unit.writeBytes(new byte[] {4, 0});
    u32(unit, tables.size());
    unit.writeBytes(tables.toByteArray());
    for (int b : program) {
      unit.write(b);
    }
    return unit.toByteArray();
  }

  private static void u32(ByteArrayOutputStream out, int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      out.write(value >> shift);
    }
  }

  /** From {@code low} on line 1, 8 bytes later line 3, and 8 bytes later the end. */
  private static int[] program(int low) {
    return new int[] {
      0,
      5,
      2,
      low & 0xFF,
      low >> 8 & 0xFF,
      low >> 16 & 0xFF,
      low >>> 24, // set_address
      COPY,
      ADVANCE_LINE,
      2,
      ADVANCE_PC,
      8,
      COPY,
      ADVANCE_PC,
      8,
      0,
      1,
      1 // end_sequence
    };
  }

  @Test
  void a_line_applies_up_to_the_next_row() {
    var lines = SourceLines.of(unit(program(100)), NO_STRINGS);

    assertThat(lines.lookup().at(99)).isNull();
    assertThat(lines.lookup().at(100)).isEqualTo(new SourceLines.Line("a.c", 1, 0));
    assertThat(lines.lookup().at(107)).isEqualTo(new SourceLines.Line("a.c", 1, 0));
    assertThat(lines.lookup().at(108)).isEqualTo(new SourceLines.Line("a.c", 3, 0));
    assertThat(lines.lookup().at(115)).isEqualTo(new SourceLines.Line("a.c", 3, 0));
    assertThat(lines.lookup().at(116)).isNull();
  }

  @Test
  void a_row_has_the_column_that_was_set_before_it() {
    int[] program = program(100);
    int[] withColumn = new int[program.length + 2];
    // After the address: set_column 12.
    System.arraycopy(program, 0, withColumn, 0, 7);
    withColumn[7] = 5;
    withColumn[8] = 12;
    System.arraycopy(program, 7, withColumn, 9, program.length - 7);

    var lines = SourceLines.of(unit(withColumn), NO_STRINGS);

    assertThat(lines.lookup().at(100)).isEqualTo(new SourceLines.Line("a.c", 1, 12));
    assertThat(lines.lookup().at(108)).isEqualTo(new SourceLines.Line("a.c", 3, 12));
  }

  /** The linker gives these addresses to functions that it dropped. */
  @ParameterizedTest
  @ValueSource(ints = {0, -1, -2})
  void a_sequence_at_an_address_of_dropped_code_is_ignored(int low) {
    var lines = SourceLines.of(unit(program(low)), NO_STRINGS);

    for (int address : new int[] {-2, -1, 0, 1, 8}) {
      assertThat(lines.lookup().at(address)).isNull();
    }
  }

  @Test
  void a_malformed_unit_does_not_hide_the_next() {
    byte[] broken = unit(0, program(100));
    byte[] good = unit(program(200));
    byte[] section = Arrays.copyOf(broken, broken.length + good.length);
    System.arraycopy(good, 0, section, broken.length, good.length);

    var lines = SourceLines.of(section, NO_STRINGS);

    assertThat(lines.lookup().at(100)).isNull();
    assertThat(lines.lookup().at(200)).isEqualTo(new SourceLines.Line("a.c", 1, 0));
  }

  @Test
  void no_prefix_of_a_section_is_read_past_its_end() {
    byte[] whole = unit(program(100));
    for (int length = 0; length < whole.length; length++) {
      assertThat(SourceLines.of(Arrays.copyOf(whole, length), NO_STRINGS).lookup().at(100))
          .isNull();
    }
  }

  @Test
  @Timeout(20)
  void a_section_of_the_largest_size_takes_bounded_time() {
    // First one sequence that never ends, then as many as fit, each with a row and an end.
    int[] endless = new int[LARGEST_SECTION_BYTES - 64];
    Arrays.fill(endless, COPY);
    assertThat(SourceLines.of(unit(endless), NO_STRINGS).lookup().at(5)).isNull();

    int[] one = program(100);
    int[] many = new int[LARGEST_SECTION_BYTES / one.length * one.length - 64 * one.length];
    for (int at = 0; at < many.length; at += one.length) {
      System.arraycopy(one, 0, many, at, one.length);
    }
    assertThat(SourceLines.of(unit(many), NO_STRINGS).lookup().at(100))
        .isEqualTo(new SourceLines.Line("a.c", 1, 0));
  }

  @Test
  void all_frames_of_a_backtrace_share_one_limit_of_bytes_read() {
    // A file name of 400 KB: two frames with it would read more than a backtrace may.
    var section = SourceLines.of(unit("x".repeat(900_000), program(100)), NO_STRINGS);
    int largest = 200_000;
    var small = SourceLines.of(unit("x".repeat(largest), program(100)), NO_STRINGS);

    assertThat(section.lookup().at(100)).isNull();
    var lookup = small.lookup();
    assertThat(lookup.at(100)).isNotNull();
    assertThat(lookup.at(108)).isNull();
    assertThat(small.lookup().at(108)).isNotNull();
  }
}
