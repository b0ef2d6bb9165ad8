package io.gonext.cli.dev;

import io.gonext.engine.PlainText;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * What a host says when it has taken a plugin. A host may say less: fields it left out are empty.
 *
 * @param action {@code installed}, {@code reloaded} or {@code unchanged}
 * @param sha256 of the module that it serves now; empty when it does not say
 * @param warnings what will not work as the module may expect
 * @param swapMillis from the upload's last byte until calls went to the new version, compiling
 *     included
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

  /** Whether the host says that it serves exactly this. */
  boolean confirms(Artifact artifact) {
    return sha256.equals(artifact.sha256());
  }

  /** Reads an answer; one that is none is as good as an empty one. */
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
