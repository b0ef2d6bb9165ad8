package io.gonext.host;

import io.gonext.engine.TrapState;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * How the calls of a plugin in service used the memory of its instances, as the end of each call
 * showed it.
 *
 * @param plugin the plugin's name
 * @param version its version
 * @param keepsState whether its instances are {@code reused}: what a call writes stays
 * @param seconds how long it was watched
 * @param calls how many calls ended well in that time; a batch is one
 * @param instances how many instances made them
 * @param pages the largest memory of one of these, in pages of 64 KiB; 0 without a call
 * @param maximumPages the most that it may have
 * @param live how many instances the pool has now
 * @param heapBytes what these hold on the heap of this JVM
 * @param parts the parts of the memory by address; empty without a call
 */
public record PluginMemory(
    String plugin,
    String version,
    boolean keepsState,
    double seconds,
    long calls,
    int instances,
    int pages,
    int maximumPages,
    int live,
    long heapBytes,
    List<Part> parts) {
  /** Copies the list. */
  public PluginMemory {
    parts = List.copyOf(parts);
  }

  /**
   * A part of the memory.
   *
   * @param kind what it is for
   * @param bytes its size in the largest memory
   * @param writtenBytes in blocks of 4 KiB, what was written since the instance's start or its last
   *     reset, as the mean over the calls
   * @param mostWrittenBytes the most of these
   */
  public record Part(TrapState.Kind kind, long bytes, long writtenBytes, long mostWrittenBytes) {}

  /** As the operator's API answers it. */
  public ObjectNode toJson() {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("name", plugin)
            .put("version", version)
            .put("isolation", keepsState ? "reused" : "fresh")
            .put("seconds", seconds)
            .put("calls", calls)
            .put("instances", instances)
            .put("pages", pages)
            .put("maximum_pages", maximumPages)
            .put("live", live)
            .put("heap_bytes", heapBytes);
    ArrayNode all = body.putArray("parts");
    for (Part part : parts) {
      all.addObject()
          .put("part", part.kind().name().toLowerCase(Locale.ROOT))
          .put("bytes", part.bytes())
          .put("written_bytes", part.writtenBytes())
          .put("most_written_bytes", part.mostWrittenBytes());
    }
    return body;
  }
}
