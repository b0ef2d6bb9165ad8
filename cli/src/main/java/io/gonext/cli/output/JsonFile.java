package io.gonext.cli.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON files that people read and keep under version control. */
public final class JsonFile {
  private static final JsonMapper WRITER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .defaultPrettyPrinter(
              new DefaultPrettyPrinter(
                  Separators.createDefaultInstance()
                      .withObjectNameValueSpacing(Separators.Spacing.AFTER)))
          .build();

  private JsonFile() {}

  /** A value on several lines; the same bytes on every system. */
  public static byte[] bytes(JsonNode json) {
    return (WRITER.writeValueAsString(json).replace("\r\n", "\n") + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Replaces a file in one step: a reader sees the old content or the new one.
   *
   * @throws CommandFailure when it cannot be written
   */
  public static void replace(Path file, byte[] bytes) {
    try {
      AtomicFile.replace(file, bytes);
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, file + " cannot be written: " + CommandFailure.reason(e));
    }
  }
}
