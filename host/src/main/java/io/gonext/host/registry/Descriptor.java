package io.gonext.host.registry;

import io.gonext.host.json.StrictJson;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What some bytes in a registry are (image specification, "OCI Content Descriptors"). Where else
 * they may be found is not read.
 *
 * @param artifactType empty for none
 */
record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    String artifactType,
    Map<String, String> annotations) {
  private static final int MAX_TEXT = 255;

  Descriptor {
    annotations = new TreeMap<>(annotations);
  }

  /** Of bytes that are to be stored. */
  static Descriptor of(String mediaType, byte[] bytes) {
    return new Descriptor(mediaType, Digest.of(bytes), bytes.length, "", Map.of());
  }

  Descriptor titled(String title) {
    return new Descriptor(
        mediaType, digest, size, artifactType, Map.of("org.opencontainers.image.title", title));
  }

  Descriptor typed(String newArtifactType) {
    return new Descriptor(mediaType, digest, size, newArtifactType, annotations);
  }

  /**
   * Reads a descriptor.
   *
   * @throws IllegalArgumentException when it is not one
   */
  static Descriptor read(JsonNode json, String where) {
    String mediaType = text(json.path("mediaType"));
    if (mediaType.isEmpty()) {
      throw new IllegalArgumentException(where + " has no media type");
    }
    Digest digest =
        Digest.parse(text(json.path("digest")))
            .orElseThrow(
                () -> new IllegalArgumentException(where + " has no sha256 or sha512 digest"));
    long size = StrictJson.integer(json.path("size")).orElse(-1);
    if (size < 0) {
      throw new IllegalArgumentException(where + " has no size");
    }
    return new Descriptor(
        mediaType,
        digest,
        size,
        text(json.path("artifactType")),
        annotations(json.path("annotations")));
  }

  private static String text(JsonNode node) {
    String text = node.asString("");
    return text.length() <= MAX_TEXT ? text : "";
  }

  static Map<String, String> annotations(JsonNode json) {
    Map<String, String> annotations = new TreeMap<>();
    json.properties()
        .forEach(entry -> {
          if (entry.getValue().isString()) {
            annotations.put(entry.getKey(), entry.getValue().asString(""));
          }
        });
    return annotations;
  }

  ObjectNode json() {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("mediaType", mediaType)
            .put("digest", digest.toString())
            .put("size", size);
    if (!artifactType.isEmpty()) {
      json.put("artifactType", artifactType);
    }
    if (!annotations.isEmpty()) {
      putAnnotations(json, annotations);
    }
    return json;
  }

  static void putAnnotations(ObjectNode json, Map<String, String> annotations) {
    ObjectNode put = json.putObject("annotations");
    new TreeMap<>(annotations).forEach(put::put);
  }
}
