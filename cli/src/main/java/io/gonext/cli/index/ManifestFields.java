package io.gonext.cli.index;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.VersionRange;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What a manifest says of a version, with the names of an index. */
final class ManifestFields {
  private ManifestFields() {}

  /**
   * The first fields, without the plugin's name.
   *
   * @param json the bytes that the manifest was read from
   */
  static ObjectNode of(Manifest manifest, byte[] json) {
    JsonNode written;
    try {
      written = StrictJson.parse(json);
    } catch (InvalidJsonException e) {
      throw new IllegalStateException("this manifest was read before", e);
    }
    ObjectNode fields =
        JsonNodeFactory.instance.objectNode().put("version", manifest.version().toString());
    for (String field : List.of("description", "license")) {
      String text = written.path(field).asString("");
      if (!text.isEmpty()) {
        fields.put(field, text);
      }
    }
    if (!manifest.requestedCapabilities().isEmpty()) {
      manifest.requestedCapabilities().forEach(fields.putArray("capabilities")::add);
    }
    return fields;
  }

  /**
   * Adds the fields that follow those of the publishers.
   *
   * @param digest of the bundle
   * @param size of the bundle, in bytes
   */
  static void putBundle(ObjectNode fields, Manifest manifest, String digest, long size) {
    fields.put("digest", digest).put("size", size);
    manifest
        .requiredHost()
        .map(VersionRange::toString)
        .ifPresent(range -> fields.put("host", range));
  }
}
