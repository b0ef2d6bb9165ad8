package io.gonext.guests;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The assembled guest modules. */
public final class Guests {
  private Guests() {}

  /**
   * The bytes of {@code src/main/wat/<name>.wat} in the binary format.
   *
   * @throws IllegalArgumentException when there is no such guest
   */
  public static byte[] wasm(String name) {
    try (var in = Guests.class.getResourceAsStream(name + ".wasm")) {
      if (in == null) {
        throw new IllegalArgumentException("no guest " + name + ".wat");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
