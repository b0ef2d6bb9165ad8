package io.gonext.cli.dev;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program to run.
 *
 * @param argv the program and its arguments; a program without a slash is looked for on PATH
 * @param directory where it runs
 * @param environment what is added to this process's own
 */
record Command(List<String> argv, Path directory, Map<String, String> environment) {
  Command {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
  }

  static Command of(Path directory, String... argv) {
    return new Command(List.of(argv), directory, Map.of());
  }

  Command with(String variable, String value) {
    Map<String, String> more = new LinkedHashMap<>(environment);
    more.put(variable, value);
    return new Command(argv, directory, more);
  }

  String program() {
    return argv.getFirst();
  }

  @Override
  public String toString() {
    return String.join(" ", argv);
  }
}
