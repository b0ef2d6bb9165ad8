package io.gonext.engine;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a module says about the tools that made it, in its custom section {@code producers}. The
 * section is optional and not checked by anybody: a hint, not a proof.
 *
 * @param entries in the section's order; at most {@value #MAX_ENTRIES}
 * @see <a
 *     href="https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md">Producers
 *     section</a>
 */
public record Producers(List<Entry> entries) {
  /** The section's name. */
  public static final String SECTION = "producers";

  private static final int MAX_ENTRIES = 64;
  private static final int MAX_TEXT_BYTES = 256;

  /** No section, or one that cannot be read. */
  public static final Producers NONE = new Producers(List.of());

  public Producers {
    entries = List.copyOf(entries);
  }

  /**
   * A language or a tool.
   *
   * @param field {@code language}, {@code processed-by} or {@code sdk}
   * @param version may be empty
   */
  public record Entry(String field, String name, String version) {}

  /**
   * Reads a section.
   *
   * @param content what follows the section's name
   */
  public static Producers ofSection(byte[] content) {
    ByteBuffer in = ByteBuffer.wrap(content);
    List<Entry> entries = new ArrayList<>();
    long fields = unsigned(in);
    for (long i = 0; i < fields; i++) {
      String field = text(in);
      long count = unsigned(in);
      if (field.isEmpty() || count < 0) {
        return NONE;
      }
      for (long j = 0; j < count; j++) {
        String name = text(in);
        if (name.isEmpty() || entries.size() == MAX_ENTRIES) {
          return NONE;
        }
        entries.add(new Entry(field, name, text(in)));
      }
    }
    return fields < 0 ? NONE : new Producers(entries);
  }

  /** The text that begins with its length; empty if it is longer than allowed or cut off. */
  private static String text(ByteBuffer in) {
    long length = unsigned(in);
    if (length < 0 || length > MAX_TEXT_BYTES || length > in.remaining()) {
      return "";
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Reads an unsigned LEB128 number of 32 bits; -1 if there is none. */
  private static long unsigned(ByteBuffer in) {
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

  /** The tools, which are not languages. */
  public List<Entry> tools() {
    return entries.stream().filter(entry -> !entry.field().equals("language")).toList();
  }
}
