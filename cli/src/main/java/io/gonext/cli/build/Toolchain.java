package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.nio.file.Path;
import java.util.Set;

/**
 * How a project is built on this machine.
 *
 * @param language of the project
 * @param version the tool and its version, for people: {@code cargo 1.90}
 * @param build the command that writes the module
 * @param artifact the place of that module
 * @param writes names of source files that the tool itself may write during a build, such as lock
 *     files; their change does not cause another build
 */
public record Toolchain(
    Language language,
    String version,
    ToolCommand build,
    ArtifactPlace artifact,
    Set<String> writes) {
  /** The module of a project in any language, relative to the project. */
  public static final Path OUTPUT = Path.of("build", "plugin.wasm");

  public Toolchain {
    writes = Set.copyOf(writes);
  }

  /** The place where a build leaves its module. */
  @FunctionalInterface
  public interface ArtifactPlace {
    /**
     * The module.
     *
     * @throws CommandFailure when there is no module, or several candidates
     */
    Path find(Path project);

    /**
     * Deletes the modules of earlier builds, so that a build that writes nothing is noticed, and
     * writes what the build needs. Called before each build.
     */
    default void clear() {}
  }
}
