package io.gonext.cli.admin;

import java.io.Console;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A value that is not an argument, which other users of the machine could read: it is typed at a
 * prompt, which does not show it, or read from standard input.
 */
final class HiddenInput {
  /** Why a command does not take it as an argument, and what to do. */
  static final String NO_ARGUMENT =
      "which other users of the machine could read: type it at the prompt, or give it on standard"
          + " input";

  private HiddenInput() {}

  /** Whether there is a terminal, so that several values can be typed one after the other. */
  static boolean isPrompt() {
    return console().isPresent();
  }

  private static Optional<Console> console() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal);
  }

  /**
   * Reads a value. The caller clears it.
   *
   * @param what is asked for, for the prompt
   * @param maxBytes of it
   */
  static byte[] read(String what, int maxBytes) {
    Optional<Console> terminal = console();
    try {
      byte[] value =
          terminal.isPresent()
              ? prompted(terminal.get(), what)
              : withoutLineBreak(System.in.readNBytes(maxBytes + 2));
      if (value.length == 0) {
        throw new AdminException("the value is empty: nothing was changed");
      }
      if (value.length > maxBytes) {
        throw new AdminException("the value has more than " + maxBytes + " bytes");
      }
      return value;
    } catch (IOException e) {
      throw new AdminException("standard input cannot be read: " + e.getMessage());
    }
  }

  private static byte[] prompted(Console console, String what) {
    char[] typed = console.readPassword("%s (not shown): ", what);
    if (typed == null) {
      return new byte[0];
    }
    CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    byte[] buffer = new byte[(int) Math.ceil(typed.length * (double) encoder.maxBytesPerChar())];
    ByteBuffer encoded = ByteBuffer.wrap(buffer);
    boolean wellFormed = encoder.encode(CharBuffer.wrap(typed), encoded, true).isUnderflow();
    Arrays.fill(typed, ' ');
    byte[] value = Arrays.copyOf(buffer, encoded.position());
    Arrays.fill(buffer, (byte) 0);
    if (!wellFormed) {
      throw new AdminException("what was typed is not well-formed text: nothing was changed");
    }
    return value;
  }

  /** One line break at the end belongs to the file and not to the value. */
  private static byte[] withoutLineBreak(byte[] read) {
    int end = read.length;
    if (end > 0 && read[end - 1] == '\n') {
      end--;
      if (end > 0 && read[end - 1] == '\r') {
        end--;
      }
    }
    byte[] value = Arrays.copyOf(read, end);
    Arrays.fill(read, (byte) 0);
    return value;
  }
}
