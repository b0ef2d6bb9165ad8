package io.gonext.cli.output;

import io.gonext.engine.PlainText;
import java.io.PrintWriter;

/**
 * Writes lines that may contain text from a plugin, a bundle or a host. Control characters are
 * escaped by {@link PlainText}, so that such text cannot affect the terminal or fake a line. Only
 * {@link #println()} ends a line.
 */
public final class PlainWriter extends PrintWriter {
  /** Writes to {@code out} and flushes it with each line. */
  public PlainWriter(PrintWriter out) {
    super(out, true);
  }

  @Override
  public void write(String text, int offset, int length) {
    String plain = PlainText.of(text.substring(offset, offset + length), Integer.MAX_VALUE);
    super.write(plain, 0, plain.length());
  }

  @Override
  public void write(char[] text, int offset, int length) {
    write(new String(text, offset, length));
  }

  @Override
  public void write(int c) {
    write(Character.toString((char) c));
  }
}
