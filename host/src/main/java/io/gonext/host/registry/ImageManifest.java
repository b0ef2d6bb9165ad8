package io.gonext.host.registry;

import io.gonext.engine.PlainText;
import io.gonext.host.RegistryException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * An artifact in a registry (image specification, "OCI Image Manifest"). The same parts give the
 * same bytes.
 *
 * @param artifactType where it is missing, the media type of the config
 * @param subject what it refers to
 */
record ImageManifest(
    String artifactType,
    Descriptor config,
    List<Descriptor> layers,
    Optional<Descriptor> subject,
    Map<String, String> annotations) {
  /** The largest manifest or index, in bytes: what the distribution specification asks for. */
  static final int MAX_BYTES = 4 * 1024 * 1024;

  /** The config of an artifact that has none. */
  static final byte[] EMPTY_CONFIG = {'{', '}'};

  private static final int MAX_LAYERS = 64;

  ImageManifest {
    layers = List.copyOf(layers);
  }

  /**
   * Reads a manifest.
   *
   * @throws RegistryException when it is not one
   */
  static ImageManifest read(byte[] bytes, Endpoint at) {
    JsonNode json = parse(bytes, at);
    String mediaType = json.path("mediaType").asString(MediaTypes.IMAGE_MANIFEST);
    if (!mediaType.equals(MediaTypes.IMAGE_MANIFEST)
        || json.path("schemaVersion").asInt(0) != 2
        || !json.path("config").isObject()) {
      throw unacceptable(
          at,
          "is not an artifact but "
              + (mediaType.equals(MediaTypes.IMAGE_INDEX)
                  ? "an index of several"
                  : "a " + PlainText.of(mediaType, 100)));
    }
    try {
      Descriptor config = Descriptor.read(json.path("config"), "its config");
      return new ImageManifest(
          json.path("artifactType").asString(config.mediaType()),
          config,
          descriptors(json.path("layers"), MAX_LAYERS, "a layer"),
          json.path("subject").isObject()
              ? Optional.of(Descriptor.read(json.path("subject"), "its subject"))
              : Optional.empty(),
          Descriptor.annotations(json.path("annotations")));
    } catch (IllegalArgumentException e) {
      throw unacceptable(at, "has a manifest that is not valid: " + e.getMessage());
    }
  }

  /** Reads the descriptors of an index. */
  static List<Descriptor> readIndex(byte[] bytes, Endpoint at, int most) {
    try {
      return descriptors(parse(bytes, at).path("manifests"), most, "an entry of the index");
    } catch (IllegalArgumentException e) {
      throw unacceptable(at, "has an index that is not valid: " + e.getMessage());
    }
  }

  private static List<Descriptor> descriptors(JsonNode array, int most, String where) {
    if (array.size() > most) {
      throw new IllegalArgumentException("it lists more than " + most);
    }
    List<Descriptor> read = new ArrayList<>();
    array.forEach(item -> read.add(Descriptor.read(item, where)));
    return read;
  }

  private static JsonNode parse(byte[] bytes, Endpoint at) {
    try {
      return StrictJson.parse(bytes);
    } catch (InvalidJsonException e) {
      throw unacceptable(at, "has a manifest that is not JSON: " + e.getMessage());
    }
  }

  static RegistryException unacceptable(Endpoint at, String why) {
    return new RegistryException(RegistryException.Kind.UNACCEPTABLE, at + " " + why);
  }

  /** The one layer of a media type; empty where there is none, or several. */
  Optional<Descriptor> layer(String mediaType) {
    List<Descriptor> found =
        layers.stream().filter(layer -> layer.mediaType().equals(mediaType)).toList();
    return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
  }

  byte[] bytes() {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.IMAGE_MANIFEST)
            .put("artifactType", artifactType);
    json.set("config", config.json());
    ArrayNode array = json.putArray("layers");
    layers.forEach(layer -> array.add(layer.json()));
    subject.ifPresent(to -> json.set("subject", to.json()));
    if (!annotations.isEmpty()) {
      Descriptor.putAnnotations(json, annotations);
    }
    return StrictJson.write(json);
  }

  /** An index of manifests. */
  static byte[] index(List<Descriptor> manifests) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("schemaVersion", 2)
            .put("mediaType", MediaTypes.IMAGE_INDEX);
    ArrayNode array = json.putArray("manifests");
    manifests.forEach(one -> array.add(one.json()));
    return StrictJson.write(json);
  }
}
