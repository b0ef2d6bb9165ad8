package io.gonext.guests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** The assembled guest modules. */
public final class Guests {
  /** The id of a module's section of data. */
  private static final byte DATA_SECTION = 11;

  /** Where the guest {@code says} has its answer: {@code i32.const 0x100000, end}. */
  private static final byte[] ANSWER_OFFSET = {
    0x41, (byte) 0x80, (byte) 0x80, (byte) 0xc0, 0x00, 0x0b
  };

  private Guests() {}

  /** A guest that answers every hook with this body, of 2 MiB at most. */
  public static byte[] saying(byte[] body) {
    byte[] module = wasm("says");
    ByteArrayOutputStream made = new ByteArrayOutputStream();
    // All sections up to the data, which is the last one that counts.
    int at = 8;
    while (module[at] != DATA_SECTION) {
      int size = 0;
      int begin = at + 1;
      int shift = 0;
      byte part;
      do {
        part = module[begin++];
        size |= (part & 0x7f) << shift;
        shift += 7;
      } while (part < 0);
      at = begin + size;
    }
    made.write(module, 0, at);
    ByteArrayOutputStream segment = new ByteArrayOutputStream();
    segment.writeBytes(new byte[] {1, 0});
    segment.writeBytes(ANSWER_OFFSET);
    writeUnsigned(segment, 4 + body.length);
    for (int shift = 0; shift < 32; shift += 8) {
      segment.write(body.length >> shift);
    }
    segment.writeBytes(body);
    made.write(DATA_SECTION);
    writeUnsigned(made, segment.size());
    made.writeBytes(segment.toByteArray());
    return made.toByteArray();
  }

  /** LEB128. */
  private static void writeUnsigned(ByteArrayOutputStream out, int value) {
    int rest = value;
    while (rest > 0x7f) {
      out.write((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write(rest);
  }

  /**
   * The bytes of {@code src/main/wat/<name>.wat} in the binary format.
   *
   * @throws IllegalArgumentException when there is no such guest
   */
  public static byte[] wasm(String name) {
    try (var in = Guests.class.getResourceAsStream(name + ".wasm")) {
      if (in == null) {
        throw new IllegalArgumentException("no guest " + name + ".wat");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
