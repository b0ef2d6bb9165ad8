package io.gonext.engine;

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
    var in = new BinaryReader(content, 0, content.length);
    List<Entry> entries = new ArrayList<>();
    try {
      for (long fields = in.u32(); fields > 0; fields--) {
        String field = in.name(MAX_TEXT_BYTES);
        for (long left = in.u32(); left > 0; left--) {
          if (entries.size() == MAX_ENTRIES) {
            return NONE;
          }
          entries.add(new Entry(field, in.name(MAX_TEXT_BYTES), in.name(MAX_TEXT_BYTES)));
        }
      }
    } catch (ModuleRejectedException unreadable) {
      return NONE;
    }
    return new Producers(entries);
  }

  /** The tools, which are not languages. */
  public List<Entry> tools() {
    return entries.stream().filter(entry -> !entry.field().equals("language")).toList();
  }
}
