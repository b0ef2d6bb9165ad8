package io.gonext.testkit;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Bodies of HTTP, as expectations see them. */
final class Bodies {
  private Bodies() {}

  /**
   * A body as what is expected of it: as a text if that is a text or a pattern for one, else as
   * JSON where it is JSON.
   */
  static JsonNode read(JsonNode wanted, byte[] body) {
    if (!wanted.isString() && !wanted.has("$regex")) {
      try {
        return StrictJson.parse(body);
      } catch (InvalidJsonException e) {
        // A text then, which differs from the JSON that is expected.
      }
    }
    return JsonNodeFactory.instance.stringNode(new String(body, StandardCharsets.UTF_8));
  }

  /** A body as JSON if it is an object or an array, else as a text. */
  static JsonNode read(byte[] body) {
    try {
      JsonNode json = StrictJson.parse(body);
      if (json.isContainer()) {
        return json;
      }
    } catch (InvalidJsonException e) {
      // A text.
    }
    return JsonNodeFactory.instance.stringNode(new String(body, StandardCharsets.UTF_8));
  }
}
