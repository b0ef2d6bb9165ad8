package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Finds programs: on {@code PATH}, unless {@code GONEXT_CARGO}, {@code GONEXT_GO} or another such
 * variable names one.
 */
public final class Executables {
  private final Map<String, String> environment;

  public Executables(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** Whether a variable names the program. */
  boolean isChosen(String name) {
    return environment.containsKey(variable(name));
  }

  static String variable(String name) {
    return "GONEXT_" + name.toUpperCase(Locale.ROOT);
  }

  /** The program to use. */
  public Optional<Path> find(String name) {
    return all(name).stream().findFirst();
  }

  /** All programs with this name, in the order of PATH; or only the one that a variable names. */
  List<Path> all(String name) {
    String chosen = environment.get(variable(name));
    if (chosen != null) {
      Path path = Path.of(chosen).toAbsolutePath();
      if (!isProgram(path)) {
        throw new CommandFailure(
            CommandFailure.Kind.TOOLCHAIN,
            variable(name) + " is " + chosen + ", which is not an executable file",
            "unset " + variable(name));
      }
      return List.of(path);
    }
    List<Path> found = new ArrayList<>();
    for (String directory : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      if (directory.isEmpty()) {
        continue;
      }
      try {
        Path path = Path.of(directory, name).toAbsolutePath();
        if (isProgram(path) && !found.contains(path)) {
          found.add(path);
        }
      } catch (InvalidPathException e) {
        // PATH may contain entries that are not valid paths.
      }
    }
    return found;
  }

  /** The word that starts this program: its name if PATH finds it by name, or its path. */
  String argument(Path program) {
    String name = program.getFileName().toString();
    return !isChosen(name) && find(name).filter(program::equals).isPresent()
        ? name
        : program.toString();
  }

  /** PATH with this directory first. */
  String pathWith(Path directory) {
    String path = environment.get("PATH");
    return path == null ? directory.toString() : directory + File.pathSeparator + path;
  }

  Optional<String> variableValue(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  private static boolean isProgram(Path path) {
    return Files.isRegularFile(path) && Files.isExecutable(path);
  }
}
