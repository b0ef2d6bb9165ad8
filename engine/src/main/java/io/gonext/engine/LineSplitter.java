package io.gonext.engine;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Splits a guest's output on one stream into lines for a {@link GuestOutput}. Holds at most one
 * line of the maximum size.
 */
final class LineSplitter {
  private final GuestOutput output;
  private final GuestOutput.Stream stream;
  private final int maxLineBytes;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();

  LineSplitter(GuestOutput output, GuestOutput.Stream stream, int maxLineBytes) {
    this.output = output;
    this.stream = stream;
    this.maxLineBytes = maxLineBytes;
  }

  void write(byte[] bytes) {
    int from = 0;
    for (int i = 0; i < bytes.length; i++) {
      boolean end = bytes[i] == '\n';
      if (end || line.size() + (i - from) == maxLineBytes) {
        line.write(bytes, from, i - from);
        hand();
        from = end ? i + 1 : i;
      }
    }
    line.write(bytes, from, bytes.length - from);
  }

  /** Passes on an unfinished line, if there is one. */
  void flush() {
    if (line.size() > 0) {
      hand();
    }
  }

  private void hand() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    output.line(stream, text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
  }
}
