package io.gonext.cli.dev;

import io.gonext.engine.PlainText;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * The answer of a host to an upload. Fields that the host left out are empty.
 *
 * @param action {@code installed}, {@code reloaded} or {@code unchanged}
 * @param sha256 of the module that the host serves now
 * @param warnings of the host about the plugin
 * @param swapMillis from the last byte of the upload until calls went to the new version, with
 *     compiling
 * @param failedRequests calls of the plugin that failed in that time
 */
record UploadAnswer(
    String action,
    String sha256,
    List<String> warnings,
    OptionalDouble swapMillis,
    OptionalLong failedRequests) {
  UploadAnswer {
    warnings = List.copyOf(warnings);
  }

  /** Whether the host says that it serves this module. */
  boolean confirms(Artifact artifact) {
    return sha256.equals(artifact.sha256());
  }

  /** Reads an answer; all fields are empty when it is not JSON. */
  static UploadAnswer parse(byte[] body) {
    try {
      JsonNode json = StrictJson.parse(body);
      JsonNode swap = json.path("swap_ms");
      JsonNode failed = json.path("requests_failed");
      return new UploadAnswer(
          json.path("action").asString(""),
          json.path("sha256").asString(""),
          json.path("warnings").valueStream().map(node -> PlainText.of(node.asString(""))).toList(),
          swap.isNumber() ? OptionalDouble.of(swap.asDouble()) : OptionalDouble.empty(),
          failed.isIntegralNumber() ? OptionalLong.of(failed.asLong()) : OptionalLong.empty());
    } catch (InvalidJsonException e) {
      return new UploadAnswer("", "", List.of(), OptionalDouble.empty(), OptionalLong.empty());
    }
  }
}
