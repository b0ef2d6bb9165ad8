package io.gonext.host.internal.store;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;

/**
 * Knows, from what H2 reads from and writes to a database's file, which chunk is the last whole
 * one, and which chunk the file's header names.
 *
 * <p>H2 finds its last state by the chunk that the header names, and by the chunks that follow from
 * there. H2 2.4.240 may write a new chunk over the one that the header names, and names another
 * only after that. If the process ends between, or the write fails, H2 takes an older state for the
 * last one. So whoever writes into the file asks for a {@link #header} that names the last whole
 * chunk, and writes that first.
 *
 * <p>Not thread-safe.
 */
final class ChunkTrail {
  /** H2's block, which is also what a copy of the header takes. */
  static final int BLOCK = 4096;

  /** The header is there twice. */
  static final int HEADER_BYTES = 2 * BLOCK;

  private static final int MAX_LINE = 1024;

  /** Where a state begins, and which it is. Numbers as H2 writes them. */
  private record Chunk(long block, long id, long version) {}

  /** What was read, by version, until the first write. */
  private final Map<Long, Chunk> read = new HashMap<>();

  private @Nullable Map<String, String> header;
  private @Nullable Chunk last;
  private @Nullable Chunk named;

  /** H2 has read bytes. */
  void read(byte[] bytes, int offset, int length, long position) {
    if (last != null || position % BLOCK != 0) {
      return;
    }
    if (position == 0) {
      for (int copy = Math.min(length, HEADER_BYTES) - BLOCK; copy >= 0; copy -= BLOCK) {
        headerIs(bytes, offset + copy);
      }
    } else {
      Chunk chunk = chunk(line(bytes, offset, length), position);
      if (chunk != null) {
        // Of two copies H2 takes the first in the file.
        read.merge(chunk.version(), chunk, (a, b) -> a.block() < b.block() ? a : b);
      }
    }
  }

  /**
   * The header to write before bytes are written to a position inside the file; null when the
   * header is right.
   */
  byte @Nullable [] header(byte[] bytes, int offset, int length, long position) {
    if (position < HEADER_BYTES) {
      return null;
    }
    Chunk next = chunk(line(bytes, offset, length), position);
    if (last == null && next != null) {
      Chunk before = read.get(next.version() - 1);
      last = before != null && before.id() == next.id() - 1 ? before : null;
    }
    if (header == null || last == null || last.equals(named)) {
      return null;
    }
    return header(header, last);
  }

  /** Bytes were written. */
  void wrote(byte[] bytes, int offset, int length, long position) {
    if (position == 0) {
      headerIs(bytes, offset);
      return;
    }
    Chunk chunk = chunk(line(bytes, offset, length), position);
    // An older one is a copy that H2 moves to save space.
    if (chunk != null && (last == null || chunk.version() >= last.version())) {
      last = chunk;
      read.clear();
    }
  }

  private void headerIs(byte[] bytes, int offset) {
    Map<String, String> values = values(line(bytes, offset, BLOCK));
    if (values != null && values.containsKey("H")) {
      header = values;
      named =
          new Chunk(number(values, "block"), number(values, "chunk"), number(values, "version"));
    }
  }

  private static byte[] header(Map<String, String> current, Chunk chunk) {
    HashMap<String, Object> values = new HashMap<>(current);
    values.remove("clean");
    values.remove("fletcher");
    values.put("block", chunk.block());
    values.put("chunk", (int) chunk.id());
    values.put("version", chunk.version());
    StringBuilder text = DataUtils.appendMap(new StringBuilder(), values);
    byte[] checked = text.toString().getBytes(StandardCharsets.ISO_8859_1);
    DataUtils.appendMap(text, "fletcher", DataUtils.getFletcher32(checked, 0, checked.length));
    byte[] line = text.append('\n').toString().getBytes(StandardCharsets.ISO_8859_1);
    byte[] twice = new byte[HEADER_BYTES];
    System.arraycopy(line, 0, twice, 0, line.length);
    System.arraycopy(line, 0, twice, BLOCK, line.length);
    return twice;
  }

  private static @Nullable Chunk chunk(String line, long position) {
    if (position % BLOCK != 0 || !line.startsWith("chunk:")) {
      return null;
    }
    Map<String, String> values = values(line);
    return values == null || !values.containsKey("version")
        ? null
        : new Chunk(position / BLOCK, number(values, "chunk"), number(values, "version"));
  }

  private static long number(Map<String, String> values, String name) {
    return DataUtils.readHexLong(values, name, 0);
  }

  private static @Nullable Map<String, String> values(String line) {
    try {
      return DataUtils.parseMap(line);
    } catch (MVStoreException e) {
      return null; // bytes of something else
    }
  }

  private static String line(byte[] bytes, int offset, int length) {
    int end = offset;
    int limit = offset + Math.min(length, MAX_LINE);
    while (end < limit && bytes[end] != '\n') {
      end++;
    }
    return end == limit
        ? ""
        : new String(Arrays.copyOfRange(bytes, offset, end), StandardCharsets.ISO_8859_1).trim();
  }
}
