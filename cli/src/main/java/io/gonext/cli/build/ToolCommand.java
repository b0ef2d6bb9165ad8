package io.gonext.cli.build;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A command of a build tool.
 *
 * @param argv the program and its arguments; PATH is searched for a program without a slash
 * @param directory the working directory
 * @param environment variables that are added to those of this process
 */
public record ToolCommand(List<String> argv, Path directory, Map<String, String> environment) {
  public ToolCommand {
    argv = List.copyOf(argv);
    environment = Map.copyOf(environment);
  }

  public static ToolCommand of(Path directory, String... argv) {
    return new ToolCommand(List.of(argv), directory, Map.of());
  }

  public ToolCommand with(String variable, String value) {
    Map<String, String> more = new LinkedHashMap<>(environment);
    more.put(variable, value);
    return new ToolCommand(argv, directory, more);
  }

  /** The same without one of the added variables. */
  public ToolCommand without(String variable) {
    Map<String, String> fewer = new LinkedHashMap<>(environment);
    fewer.remove(variable);
    return new ToolCommand(argv, directory, fewer);
  }

  /** Another command of the same program, with the same directory and variables. */
  public ToolCommand instead(String... arguments) {
    List<String> other = new ArrayList<>(List.of(program()));
    other.addAll(List.of(arguments));
    return new ToolCommand(other, directory, environment);
  }

  public String program() {
    return argv.getFirst();
  }

  @Override
  public String toString() {
    return String.join(" ", argv);
  }
}
