package io.gonext.host.manifest;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.SchemaFile;
import io.gonext.host.json.StrictJson;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The formats of files about plugins, each with a published JSON Schema. */
public enum PublishedFormat {
  /** The plugins that a host shall have. */
  LOCK("gonext-lock-v1.json"),
  /** The plugins that can be had. */
  INDEX("plugin-index-v1.json"),
  /** Tests of a plugin. */
  TEST("plugin-test-v1.json");

  /** The value of {@code apiVersion} in such a file. */
  public static final String API_VERSION = "gonext.io/v1";

  /** A file with more problems has the others named when these are mended. */
  private static final int MOST_PROBLEMS = 20;

  private final String file;

  PublishedFormat(String file) {
    this.file = file;
  }

  /** The name of the schema's file. */
  public String file() {
    return file;
  }

  /** The schema as it is published, UTF-8. */
  public byte[] bytes() {
    return SchemaFile.bytes(PublishedFormat.class, file);
  }

  /**
   * What the schema finds wrong with a document: a sentence each, with JSON pointers, at most 20.
   */
  public List<String> problems(JsonNode document) {
    if (!(document instanceof ObjectNode object)) {
      return List.of("/: " + ManifestSchema.found(document) + "; allowed: an object");
    }
    try {
      return ConfigSchema.of(StrictJson.parse(bytes())).problems(object, MOST_PROBLEMS);
    } catch (InvalidJsonException e) {
      throw new IllegalStateException(file + " is not JSON", e);
    }
  }
}
