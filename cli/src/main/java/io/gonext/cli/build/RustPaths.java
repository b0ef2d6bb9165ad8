package io.gonext.cli.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Keeps paths of this machine out of a Rust module: rustc writes the paths of crates into messages
 * of panics and into debug information. The project becomes {@code .}, crates beside it keep their
 * path relative to it, and crates of cargo's home are below {@code /cargo}.
 *
 * <p>Cargo takes flags for rustc from the first of four places that has some. The flags of the
 * author must stay: these are added at the place that holds already.
 *
 * @see <a href="https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags">Cargo's
 *     places of flags</a>
 */
record RustPaths(Path project, String target, Executables executables) {
  private static final String ENCODED = "CARGO_ENCODED_RUSTFLAGS";
  private static final String PLAIN = "RUSTFLAGS";
  private static final String OF_ALL_TARGETS = "CARGO_BUILD_RUSTFLAGS";

  /** Separates flags in {@value #ENCODED}. */
  private static final String UNIT_SEPARATOR = "\u001f";

  /** The command with the flags. */
  ToolCommand mapped(ToolCommand build) {
    List<String> flags = flags();
    if (executables.variableValue(ENCODED).isPresent()) {
      return add(build, ENCODED, UNIT_SEPARATOR, flags);
    }
    if (flags.stream().anyMatch(flag -> flag.contains(" "))) {
      // The other variables separate flags by spaces, and have no way to quote one.
      return build;
    }
    if (executables.variableValue(PLAIN).isPresent()) {
      return add(build, PLAIN, " ", flags);
    }
    String ofTarget =
        "CARGO_TARGET_" + target.toUpperCase(Locale.ROOT).replace('-', '_') + "_RUSTFLAGS";
    boolean hasFlagsOfTarget =
        executables.variableValue(ofTarget).isPresent()
            || configurations().stream().anyMatch(RustPaths::hasFlagsOfTargets);
    return add(build, hasFlagsOfTarget ? ofTarget : OF_ALL_TARGETS, " ", flags);
  }

  private ToolCommand add(
      ToolCommand build, String variable, String separator, List<String> flags) {
    String ours = String.join(separator, flags);
    return build.with(
        variable,
        executables.variableValue(variable).map(given -> given + separator + ours).orElse(ours));
  }

  /** The last one that matches a path holds, so the longest paths come last. */
  private List<String> flags() {
    List<String> flags = new ArrayList<>();
    home()
        .ifPresent(home -> {
          flags.add(flag(home.resolve("registry").resolve("src"), "/cargo/registry/src"));
          flags.add(flag(home.resolve("git").resolve("checkouts"), "/cargo/git/checkouts"));
        });
    for (Path outside : BuildFiles.outsideOf(project)) {
      if (!outside.startsWith(project) && Files.isDirectory(outside)) {
        flags.add(flag(outside, SkipRules.slashed(project.relativize(outside))));
      }
    }
    flags.add(flag(project, "."));
    return flags;
  }

  private static String flag(Path from, String to) {
    return "--remap-path-prefix=" + from + "=" + to;
  }

  private Optional<Path> home() {
    return executables
        .variableValue("CARGO_HOME")
        .map(home -> project.resolve(home))
        .or(() -> executables.variableValue("HOME").map(home -> Path.of(home, ".cargo")));
  }

  /** Cargo's configuration files for this project. */
  List<Path> configurations() {
    List<Path> folders = new ArrayList<>();
    for (Path above = project; above != null; above = above.getParent()) {
      folders.add(above.resolve(".cargo"));
    }
    home().ifPresent(folders::add);
    return folders.stream()
        .map(folder ->
            Files.isRegularFile(folder.resolve("config"))
                ? folder.resolve("config")
                : folder.resolve("config.toml"))
        .filter(Files::isRegularFile)
        .toList();
  }

  /** Whether a file has flags for one target, which hide those for all targets. */
  private static boolean hasFlagsOfTargets(Path configuration) {
    try {
      JsonNode targets =
          TomlMapper.shared().readTree(Files.readAllBytes(configuration)).path("target");
      return targets.valueStream().anyMatch(each -> each.has("rustflags"));
    } catch (IOException | JacksonException e) {
      // Cargo says what is wrong with it.
      return false;
    }
  }
}
