package io.gonext.host.json;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Reads a JSON Schema that this host publishes. */
public final class SchemaFile {
  private SchemaFile() {}

  /**
   * The bytes of a schema, UTF-8.
   *
   * @param owner a class in the package that has the file
   */
  public static byte[] bytes(Class<?> owner, String file) {
    try (var in = owner.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is missing from the host's jar");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
