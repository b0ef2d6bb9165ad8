package io.gonext.cli.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The last lines of the log, in memory. Thread-safe. */
final class RecentLines {
  static final int MAX_LINES = 1000;

  /** Of all lines together. */
  static final int MAX_CHARS = 512 * 1024;

  /** Guarded by this, as is the next field. */
  private final Deque<String> lines = new ArrayDeque<>();

  private long chars;

  synchronized void add(String line) {
    lines.addLast(line);
    chars += line.length();
    while (lines.size() > MAX_LINES || chars > MAX_CHARS) {
      chars -= lines.removeFirst().length();
    }
  }

  synchronized List<String> list() {
    return List.copyOf(lines);
  }
}
