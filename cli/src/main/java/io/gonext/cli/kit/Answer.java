package io.gonext.cli.kit;

import java.util.List;
import java.util.Map;

/**
 * The result of a command, as text and as JSON.
 *
 * @param exitCode of the command
 * @param text lines for people
 * @param fields of the JSON object that {@code --json} prints; names are stable, and later versions
 *     may add fields
 */
record Answer(int exitCode, List<String> text, Map<String, Object> fields) {
  Answer {
    text = List.copyOf(text);
  }
}
