package io.gonext.cli.provenance;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Where two bundles or two modules differ, in words. */
public final class BundleDifference {
  /** How much text around the first difference is shown, in bytes before and after it. */
  private static final int CONTEXT = 80;

  /** Fewer characters are chance. */
  private static final int LEAST_TEXT = 6;

  private BundleDifference() {}

  private record Entry(byte[] content, long time, int method) {}

  /**
   * The differences of two bundles; none if all bytes are equal. An entry that differs is named,
   * not explained: {@link #ofModules} does that.
   */
  public static List<String> ofBundles(byte[] one, byte[] other) throws IOException {
    if (Arrays.equals(one, other)) {
      return List.of();
    }
    Map<String, Entry> first = entries(one);
    Map<String, Entry> second = entries(other);
    List<String> found = new ArrayList<>();
    TreeSet<String> names = new TreeSet<>(first.keySet());
    names.addAll(second.keySet());
    for (String name : names) {
      Entry mine = first.get(name);
      Entry theirs = second.get(name);
      if (mine == null || theirs == null) {
        found.add(name + " is only in the " + (mine == null ? "second" : "first") + " bundle");
      } else if (!Arrays.equals(mine.content, theirs.content)) {
        found.add(
            "%s has other content, first at offset 0x%x"
                .formatted(name, Arrays.mismatch(mine.content, theirs.content)));
      } else if (mine.time != theirs.time) {
        found.add(name + " has another time");
      } else if (mine.method != theirs.method) {
        found.add(name + " is compressed in another way");
      }
    }
    if (found.isEmpty() && !List.copyOf(first.keySet()).equals(List.copyOf(second.keySet()))) {
      found.add("the entries have another order");
    }
    if (found.isEmpty()) {
      found.add(
          "only the structure of the ZIP file differs, first at offset 0x%x"
              .formatted(Arrays.mismatch(one, other)));
    }
    return found;
  }

  private static Map<String, Entry> entries(byte[] bundle) throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(bundle))) {
      for (ZipEntry next = in.getNextEntry(); next != null; next = in.getNextEntry()) {
        entries.put(next.getName(), new Entry(in.readAllBytes(), next.getTime(), next.getMethod()));
      }
    }
    return entries;
  }

  /** The sections in which two modules differ, in their order; none if all bytes are equal. */
  public static List<String> ofModules(byte[] one, byte[] other) {
    if (Arrays.equals(one, other)) {
      return List.of();
    }
    List<WasmSection> first = WasmSection.of(one);
    List<WasmSection> second = WasmSection.of(other);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
      WasmSection mine = first.get(i);
      WasmSection theirs = second.get(i);
      if (mine.id() != theirs.id() || !mine.name().equals(theirs.name())) {
        found.add("%s is where the second module has %s".formatted(mine.shown(), theirs.shown()));
        return found;
      }
      int at =
          Arrays.mismatch(one, mine.content(), mine.end(), other, theirs.content(), theirs.end());
      if (at >= 0) {
        String here = text(one, mine, mine.content() + at);
        String there = text(other, theirs, theirs.content() + at);
        found.add(
            "%s differs (%d and %d bytes), first at offset 0x%x%s"
                .formatted(
                    mine.shown(),
                    mine.end() - mine.content(),
                    theirs.end() - theirs.content(),
                    mine.content() + at,
                    here.isEmpty() || there.isEmpty()
                        ? ""
                        : ": \"" + here + "\" and \"" + there + "\""));
      }
    }
    if (first.size() != second.size()) {
      WasmSection more =
          first.size() > second.size() ? first.get(second.size()) : second.get(first.size());
      found.add(
          "only the %s module has %s"
              .formatted(first.size() > second.size() ? "first" : "second", more.shown()));
    }
    if (found.isEmpty()) {
      found.add("the bytes differ, first at offset 0x%x".formatted(Arrays.mismatch(one, other)));
    }
    return found;
  }

  /** The text around an offset; empty if there is none. */
  private static String text(byte[] module, WasmSection section, int offset) {
    int begin = offset;
    while (begin > Math.max(section.content(), offset - CONTEXT) && isPlain(module[begin - 1])) {
      begin--;
    }
    int end = offset;
    while (end < Math.min(section.end(), offset + CONTEXT) && isPlain(module[end])) {
      end++;
    }
    return section.isText() && end - begin >= LEAST_TEXT
        ? new String(module, begin, end - begin, StandardCharsets.US_ASCII)
        : "";
  }

  private static boolean isPlain(byte character) {
    return character >= ' ' && character < 0x7f && character != '"';
  }
}
