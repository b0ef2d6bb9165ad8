package io.gonext.spring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;

/** Reads a secret from where a property says it is, so that no file of properties holds it. */
final class Reference {
  static final String FORM = "(env|file|property):.+";
  static final String MESSAGE =
      "is a reference, env:NAME, file:PATH or property:NAME, and not the secret itself";

  private Reference() {}

  /**
   * What a reference leads to; of a file, without a line break at the end.
   *
   * @param what it is for, in messages
   * @throws GonextStartException when there is nothing; the message does not repeat a value
   */
  static String resolve(String what, String reference, Environment environment) {
    int colon = reference.indexOf(':');
    String name = reference.substring(colon + 1);
    @Nullable String value =
        switch (colon < 0 ? "" : reference.substring(0, colon)) {
          case "env" -> System.getenv(name);
          case "property" -> environment.getProperty(name);
          case "file" -> read(what, name);
          default -> throw new GonextStartException(what + " " + MESSAGE);
        };
    if (value == null || value.isEmpty()) {
      throw new GonextStartException(what + " is empty: set " + reference);
    }
    return value;
  }

  private static String read(String what, String file) {
    try {
      return Files.readString(Path.of(file), StandardCharsets.UTF_8).replaceFirst("\\R\\z", "");
    } catch (IOException e) {
      throw new GonextStartException(what + " cannot be read from the file " + file + ": " + e, e);
    }
  }
}
