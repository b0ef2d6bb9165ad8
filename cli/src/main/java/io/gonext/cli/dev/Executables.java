package io.gonext.cli.dev;

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
 * The programs of a machine: those on {@code PATH}, unless {@code GONEXT_CARGO}, {@code GONEXT_GO}
 * and the like name one.
 */
final class Executables {
  private final Map<String, String> environment;

  Executables(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** Whether the user has named the program to take. */
  boolean isChosen(String name) {
    return environment.containsKey(variable(name));
  }

  static String variable(String name) {
    return "GONEXT_" + name.toUpperCase(Locale.ROOT);
  }

  /** The one to take. */
  Optional<Path> find(String name) {
    return all(name).stream().findFirst();
  }

  /** All of that name in the order of PATH, or the one that the user has named. */
  List<Path> all(String name) {
    String chosen = environment.get(variable(name));
    if (chosen != null) {
      Path path = Path.of(chosen).toAbsolutePath();
      if (!isProgram(path)) {
        throw new DevFailure(
            DevFailure.Kind.TOOLCHAIN,
            variable(name) + " is " + chosen + ", which is not a program that can be run",
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
        // A PATH may name what no file can be called.
      }
    }
    return found;
  }

  /** How to call a program so that exactly this one runs: by name where that finds it. */
  String argument(Path program) {
    String name = program.getFileName().toString();
    return !isChosen(name) && find(name).filter(program::equals).isPresent()
        ? name
        : program.toString();
  }

  /** This environment's PATH with a directory before all others. */
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
