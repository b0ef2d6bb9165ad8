package io.gonext.spring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.core.env.Environment;

/** Reads a secret from where a property says it is, so that no file of properties holds it. */
final class Reference {
  private static final Pattern FORM = Pattern.compile("(?:env|file|property):.+");
  private static final String MESSAGE =
      "is a reference, env:NAME, file:PATH or property:NAME, and not the secret itself";

  private Reference() {}

  /**
   * Refuses what is not a reference. Not by an annotation of Bean Validation: Spring Boot would
   * write the value into the log, and it may be the secret itself.
   *
   * @param what it is for, in messages
   */
  static void require(String what, String reference) {
    if (!FORM.matcher(reference).matches()) {
      throw new GonextStartException(what + " " + MESSAGE);
    }
  }

  /**
   * What a reference leads to; of a file, without a line break at the end.
   *
   * @param what it is for, in messages
   * @throws GonextStartException when there is nothing; the message does not repeat a value
   */
  static String resolve(String what, String reference, Environment environment) {
    require(what, reference);
    int colon = reference.indexOf(':');
    String name = reference.substring(colon + 1);
    @Nullable String value =
        switch (reference.substring(0, colon)) {
          case "env" -> System.getenv(name);
          case "property" -> environment.getProperty(name);
          default -> read(what, name);
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
