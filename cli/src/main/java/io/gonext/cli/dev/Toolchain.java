package io.gonext.cli.dev;

import java.nio.file.Path;
import java.util.Set;

/**
 * How one project is built on this machine: found out once, run many times.
 *
 * @param language what it is written in
 * @param version the tool and its version, for people: {@code cargo 1.90}
 * @param build the command, which leaves a module behind
 * @param artifact where that module is
 * @param writes names of source files that the tool itself may write while it builds, lock files
 *     for instance: their change is no reason to build again
 */
record Toolchain(
    Language language, String version, Command build, ArtifactPlace artifact, Set<String> writes) {
  /** Where every language's module ends up, below the project directory. */
  static final Path OUTPUT = Path.of("build", "plugin.wasm");

  Toolchain {
    writes = Set.copyOf(writes);
  }

  /** Says where a build that succeeded has left its module. */
  @FunctionalInterface
  interface ArtifactPlace {
    /**
     * The module.
     *
     * @throws DevFailure when there is none, or no telling which of several it is
     */
    Path find(Path project);

    /**
     * Removes what an earlier build has left there, where a build that makes nothing would be taken
     * to have made that; asked before each build.
     */
    default void clear() {}
  }
}
