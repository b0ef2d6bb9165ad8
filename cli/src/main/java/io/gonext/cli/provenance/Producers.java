package io.gonext.cli.provenance;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
  private static final int MAX_ENTRIES = 64;
  private static final String SECTION = "producers";

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

  /** The section of a module. */
  public static Producers of(byte[] module) {
    Optional<WasmSection> found =
        WasmSection.of(module).stream()
            .filter(section -> section.name().equals(SECTION))
            .findFirst();
    if (found.isEmpty()) {
      return NONE;
    }
    WasmSection section = found.get();
    ByteBuffer in =
        ByteBuffer.wrap(module, section.content(), section.end() - section.content()).slice();
    List<Entry> entries = new ArrayList<>();
    long fields = WasmSection.unsigned(in);
    for (long i = 0; i < fields; i++) {
      String field = WasmSection.text(in);
      long count = WasmSection.unsigned(in);
      if (field.isEmpty() || count < 0) {
        return NONE;
      }
      for (long j = 0; j < count; j++) {
        String name = WasmSection.text(in);
        if (name.isEmpty() || entries.size() == MAX_ENTRIES) {
          return NONE;
        }
        entries.add(new Entry(field, name, WasmSection.text(in)));
      }
    }
    return fields < 0 ? NONE : new Producers(entries);
  }

  /** The tools, which are not languages. */
  List<Entry> tools() {
    return entries.stream().filter(entry -> !entry.field().equals("language")).toList();
  }
}
