package io.gonext.cli.text;

import io.gonext.engine.PlainText;
import java.io.PrintWriter;

/**
 * Lines for people that may quote a plugin, a bundle or a host: what is written passes {@link
 * PlainText}, so that it cannot steer the terminal or forge a line. Only {@link #println()} ends a
 * line.
 */
public final class PlainWriter extends PrintWriter {
  /** Lines that go on to {@code out}, which is flushed with this, and never closed. */
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
