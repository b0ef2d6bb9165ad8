package io.gonext.cli.kit;

import java.util.List;
import java.util.Map;

/**
 * What a command found out, for people and for programs.
 *
 * @param exitCode of the command
 * @param text lines for people
 * @param fields the JSON object that {@code --json} prints; names are stable, more may come
 */
record Answer(int exitCode, List<String> text, Map<String, Object> fields) {
  Answer {
    text = List.copyOf(text);
  }
}
