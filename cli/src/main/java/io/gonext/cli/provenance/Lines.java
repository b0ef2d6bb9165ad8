package io.gonext.cli.provenance;

import io.gonext.cli.build.CommandRunner;
import io.gonext.cli.build.ToolCommand;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What tools say, line by line. */
record Lines(CommandRunner runner) {
  /** The lines that a tool prints; none if it fails or cannot be started. */
  List<String> of(ToolCommand command) throws InterruptedException {
    List<String> lines = Collections.synchronizedList(new ArrayList<>());
    try {
      return runner.run(command, lines::add) == 0 ? List.copyOf(lines) : List.of();
    } catch (IOException e) {
      return List.of();
    }
  }

  /** A text that is JSON; empty if it is not. */
  static Optional<JsonNode> json(String text) {
    return json(text.getBytes(StandardCharsets.UTF_8));
  }

  static Optional<JsonNode> json(byte[] text) {
    try {
      return Optional.of(StrictJson.parse(text));
    } catch (InvalidJsonException e) {
      return Optional.empty();
    }
  }
}
