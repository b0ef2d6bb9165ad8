package io.gonext.engine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes modules in the binary format, valid or invalid. */
public final class WasmBytes {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** Starts with the header. */
  public static WasmBytes module() {
    return new WasmBytes().bytes(0, 'a', 's', 'm', 1, 0, 0, 0);
  }

  /** Starts empty, for the contents of a section or a body. */
  public static WasmBytes part() {
    return new WasmBytes();
  }

  /** A module with one function {@code () -> ()} with this body. Adds the body's size and end. */
  public static WasmBytes function(WasmBytes code) {
    return functions(1, code);
  }

  /** Like {@link #function}, with an empty memory and an empty table of functions. */
  public static WasmBytes functionWithMemory(WasmBytes code) {
    return functions(
        1,
        code,
        part().section(4, part().u32(1).bytes(0x70, 0, 0)).section(5, part().u32(1).bytes(0, 0)));
  }

  /** A module with this many functions {@code () -> ()} with the same body. */
  public static WasmBytes functions(int count, WasmBytes code) {
    return functions(count, code, part());
  }

  /**
   * A module with this many functions {@code () -> ()} with the same body.
   *
   * @param sections the sections before the code
   */
  static WasmBytes functions(int count, WasmBytes code, WasmBytes sections) {
    var types = part().u32(1).bytes(0x60, 0, 0);
    var functions = part().u32(count);
    var bodies = part().u32(count);
    byte[] body = part().append(code).bytes(0x0B).toBytes();
    for (int i = 0; i < count; i++) {
      functions.u32(0);
      bodies.u32(body.length).raw(body);
    }
    return module().section(1, types).section(3, functions).append(sections).section(10, bodies);
  }

  public WasmBytes bytes(int... values) {
    for (int value : values) {
      out.write(value);
    }
    return this;
  }

  public WasmBytes raw(byte[] values) {
    out.writeBytes(values);
    return this;
  }

  public WasmBytes append(WasmBytes other) {
    return raw(other.toBytes());
  }

  public WasmBytes repeat(int times, int... values) {
    for (int i = 0; i < times; i++) {
      bytes(values);
    }
    return this;
  }

  /** An unsigned LEB128 with the fewest bytes. */
  public WasmBytes u32(long value) {
    long rest = value;
    while (rest >= 0x80) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  /** A signed LEB128 with the fewest bytes. */
  public WasmBytes signed(long value) {
    long rest = value;
    while (rest < -0x40 || rest >= 0x40) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>= 7;
    }
    out.write((int) (rest & 0x7F));
    return this;
  }

  public WasmBytes name(String name) {
    byte[] encoded = name.getBytes(StandardCharsets.UTF_8);
    return u32(encoded.length).raw(encoded);
  }

  public WasmBytes section(int id, WasmBytes contents) {
    byte[] bytes = contents.toBytes();
    return bytes(id).u32(bytes.length).raw(bytes);
  }

  public byte[] toBytes() {
    return out.toByteArray();
  }
}
