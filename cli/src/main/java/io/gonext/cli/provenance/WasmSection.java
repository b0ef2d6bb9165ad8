package io.gonext.cli.provenance;

import io.gonext.engine.Producers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A section of a WebAssembly module. The offsets count from the module's first byte.
 *
 * @param id 0 for a custom section
 * @param name of a custom section; empty for others
 * @param begin of the section's header
 * @param content begin of what follows the header, and the name in a custom section
 * @param end exclusive
 */
public record WasmSection(int id, String name, int begin, int content, int end) {
  private static final int HEADER_BYTES = 8;
  private static final int CUSTOM = 0;
  private static final int CODE = 10;
  private static final int DATA = 11;
  private static final int MAX_NAME_BYTES = 256;
  private static final List<String> NAMES =
      List.of(
          "custom",
          "type",
          "import",
          "function",
          "table",
          "memory",
          "global",
          "export",
          "start",
          "element",
          "code",
          "data",
          "data count",
          "tag");

  /** The sections of a module, in its order; none if the bytes are not a module's. */
  public static List<WasmSection> of(byte[] module) {
    List<WasmSection> sections = new ArrayList<>();
    if (module.length < HEADER_BYTES || module[0] != 0 || module[1] != 'a') {
      return List.of();
    }
    ByteBuffer in = ByteBuffer.wrap(module).position(HEADER_BYTES);
    while (in.hasRemaining()) {
      int begin = in.position();
      int id = in.get();
      long size = unsigned(in);
      if (size < 0 || size > in.remaining()) {
        return List.of();
      }
      int end = in.position() + (int) size;
      String name = id == CUSTOM ? text(in.slice(in.position(), (int) size)) : "";
      int content = in.position() + (id == CUSTOM ? nameBytes(in, (int) size) : 0);
      sections.add(new WasmSection(id, name, begin, content, end));
      in.position(end);
    }
    return sections;
  }

  /** The tools that made a module, as it says itself. */
  static Producers producers(byte[] module) {
    return of(module).stream()
        .filter(section -> section.name().equals(Producers.SECTION))
        .findFirst()
        .map(section ->
            Producers.ofSection(Arrays.copyOfRange(module, section.content, section.end)))
        .orElse(Producers.NONE);
  }

  /**
   * The offset of the content of a module's code section, from which DWARF counts addresses; 0
   * without a code section.
   */
  public static int codeStart(byte[] module) {
    return of(module).stream()
        .filter(section -> section.id == CODE)
        .mapToInt(WasmSection::content)
        .findFirst()
        .orElse(0);
  }

  /** Whether its content may be text: data, names, debug information. */
  boolean isText() {
    return id == CUSTOM || id == DATA;
  }

  /** For people, such as {@code the data section} or {@code the custom section "name"}. */
  String shown() {
    if (id == CUSTOM) {
      return "the custom section \"" + name + "\"";
    }
    return "the " + (id > 0 && id < NAMES.size() ? NAMES.get(id) : "unknown") + " section";
  }

  /** The text that begins with its length; empty if it is longer than allowed or cut off. */
  static String text(ByteBuffer in) {
    long length = unsigned(in);
    if (length < 0 || length > MAX_NAME_BYTES || length > in.remaining()) {
      return "";
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The bytes of a custom section's name with its length; 0 if it is cut off. */
  private static int nameBytes(ByteBuffer in, int size) {
    ByteBuffer section = in.slice(in.position(), size);
    long length = unsigned(section);
    return length < 0 || length > section.remaining() ? 0 : section.position() + (int) length;
  }

  /** Reads an unsigned LEB128 number of 32 bits; -1 if there is none. */
  static long unsigned(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (!in.hasRemaining()) {
        return -1;
      }
      byte part = in.get();
      value |= (long) (part & 0x7f) << shift;
      if (part >= 0) {
        return value;
      }
    }
    return -1;
  }
}
