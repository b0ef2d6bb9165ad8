package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Keeps paths of this machine out of the symbols of a Rust module. Cargo hashes the absolute path
 * of a crate outside of the workspace into the option {@code -C metadata} of that crate and of all
 * that depend on it. Rustc puts this into symbols, and their order decides the order of functions.
 * No later option overrides it, so a script between cargo and rustc replaces it by what the crate
 * is: its place relative to the project, its name and version, and the options that have no paths.
 *
 * @param script the file of the script
 */
record RustSymbols(Path project, Path script) {
  /** Cargo starts this program with rustc and its arguments. */
  static final String WRAPPER = "RUSTC_WRAPPER";

  /** Says the same as {@value #WRAPPER}. */
  private static final String CONFIGURED = "CARGO_BUILD_RUSTC_WRAPPER";

  private static final String HEAD =
      """
      #!/bin/sh
      # Written by gonext. Cargo names crates by the absolute paths of their directories.
      # This names them by their places relative to the project, so that a build in
      # another directory gives the same bytes.
      rustc=$1
      shift
      case ${CARGO_MANIFEST_DIR-} in
      """;

  private static final String TAIL =
      """
      *) exec "$rustc" "$@" ;;
      esac
      id="$at ${CARGO_PKG_NAME-} ${CARGO_PKG_VERSION-}"
      for argument; do
        case $argument in
        metadata=* | extra-filename=* | incremental=* | */*) ;;
        --json=* | --error-format=* | --color=* | --diagnostic-width=*) ;;
        *) id="$id $argument" ;;
        esac
      done
      left=$#
      while [ "$left" -gt 0 ]; do
        argument=$1
        shift
        case $argument in metadata=*) argument="metadata=$id" ;; esac
        set -- "$@" "$argument"
        left=$((left - 1))
      done
      exec "$rustc" "$@"
      """;

  /**
   * Whether the module would have such paths, and the script can replace them: on systems with a
   * shell, and if the author does not use another wrapper.
   *
   * @param configurations of cargo
   */
  boolean isNeeded(Executables executables, List<Path> configurations) {
    return project.getFileSystem().getSeparator().equals("/")
        && executables.variableValue(WRAPPER).isEmpty()
        && executables.variableValue(CONFIGURED).isEmpty()
        && configurations.stream().noneMatch(RustSymbols::hasWrapper)
        && places().size() > 1;
  }

  private static boolean hasWrapper(Path configuration) {
    try {
      JsonNode build =
          TomlMapper.shared().readTree(Files.readAllBytes(configuration)).path("build");
      return build.has("rustc-wrapper");
    } catch (IOException | JacksonException e) {
      // Cargo says what is wrong with it.
      return false;
    }
  }

  /** The directories of crates, and what stands for each. */
  private Map<Path, String> places() {
    Map<Path, String> places = new LinkedHashMap<>();
    places.put(project, ".");
    for (Path outside : BuildFiles.outsideOf(project)) {
      if (!outside.startsWith(project) && Files.isRegularFile(outside.resolve("Cargo.toml"))) {
        places.put(outside, SkipRules.slashed(project.relativize(outside)));
      }
    }
    return places;
  }

  /**
   * Writes the script.
   *
   * @throws CommandFailure when it cannot be written
   */
  void write() {
    StringBuilder text = new StringBuilder(HEAD);
    places()
        .forEach((directory, name) -> {
          String path = quoted(directory.toString());
          text.append(path).append(") at=").append(quoted(name)).append(" ;;\n");
          text.append(path).append("/*) at=").append(quoted(name + "/"));
          text.append("${CARGO_MANIFEST_DIR#").append(quoted(directory + "/")).append("} ;;\n");
        });
    text.append(TAIL);
    try {
      Files.createDirectories(script.resolveSibling(""));
      Files.write(script, text.toString().getBytes(StandardCharsets.UTF_8));
      Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, script + " cannot be written: " + CommandFailure.reason(e));
    }
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
