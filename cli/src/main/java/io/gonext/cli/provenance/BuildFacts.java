package io.gonext.cli.provenance;

import io.gonext.cli.build.Executables;
import io.gonext.cli.build.Language;
import io.gonext.cli.build.ProcessRunner;
import io.gonext.cli.build.ProjectBuild;
import io.gonext.cli.build.ToolCommand;
import io.gonext.cli.build.Toolchain;
import io.gonext.cli.output.CommandFailure;
import io.gonext.engine.Producers;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the build of a bundle. It has no paths of this machine, no user names and no
 * credentials. The same sources, tools and commit give equal facts.
 *
 * @param plugin the manifest of the bundle
 * @param bundle the bundle's file
 * @param module the module in the bundle
 * @param producers of the module
 * @param isBuilt whether the command has built the module, which was there before otherwise
 * @param language of the project; empty if it is not known
 * @param tool that builds the project; empty if it was not found
 * @param command of the tool; empty if it was not found
 * @param lock the lock file; empty if there is none
 * @param time of {@code SOURCE_DATE_EPOCH}; empty if it is not set
 */
public record BuildFacts(
    Manifest plugin,
    HashedFile bundle,
    HashedFile module,
    Producers producers,
    boolean isBuilt,
    Optional<Language> language,
    Optional<Tool> tool,
    List<String> command,
    Dependencies dependencies,
    Optional<HashedFile> lock,
    Optional<Revision> revision,
    Optional<Instant> time) {
  private static final int MAX_LOCK_BYTES = 32 * 1024 * 1024;
  private static final Pattern TOOL = Pattern.compile("(\\S+)(?: (\\d+(?:\\.\\w+)*))?.*");
  private static final String EPOCH = "SOURCE_DATE_EPOCH";

  /** The last second of the year 9999, after which a date has another form. */
  private static final long MOST_SECONDS = 253_402_300_799L;

  /** A file by its name without a directory, and the hash of its content. */
  public record HashedFile(String name, String sha256) {
    /** The file of this name with this content. */
    public static HashedFile of(String name, byte[] content) {
      return new HashedFile(name, Sha256.hex(content));
    }
  }

  /** A tool; its version may be empty. */
  record Tool(String name, String version) {
    /** From a text such as {@code cargo 1.95 (what else is known)}. */
    static Tool of(String said) {
      Matcher tool = TOOL.matcher(said);
      return tool.matches()
          ? new Tool(tool.group(1), tool.group(2) == null ? "" : tool.group(2))
          : new Tool(said, "");
    }
  }

  /**
   * Collects the facts, for which it asks cargo or go, and git.
   *
   * @param project the plugin's directory
   * @param language as in {@code --lang}
   * @param environment of this process
   * @throws CommandFailure when {@code SOURCE_DATE_EPOCH} is not a number of seconds
   */
  public static BuildFacts of(
      Path project,
      String language,
      boolean isBuilt,
      Manifest plugin,
      HashedFile bundle,
      byte[] module,
      Map<String, String> environment)
      throws InterruptedException {
    Lines tools = new Lines(new ProcessRunner());
    Optional<Language> detected = ProjectBuild.languageOf(project, language);
    @Nullable Toolchain toolchain =
        detected.isPresent()
            ? ProjectBuild.toolchainOf(project, detected.get()).orElse(null)
            : null;
    @Nullable ToolCommand build = toolchain == null ? null : toolchain.build();
    Optional<Path> lock = detected.flatMap(each -> lock(project, each));
    byte @Nullable [] locked = lock.isPresent() ? read(lock.get()) : null;
    Optional<Path> git = new Executables(environment).find("git");
    return new BuildFacts(
        plugin,
        bundle,
        HashedFile.of(plugin.entry(), module),
        WasmSection.producers(module),
        isBuilt,
        detected,
        Optional.ofNullable(toolchain).map(found -> Tool.of(found.version())),
        build == null ? List.of() : recorded(build),
        dependencies(project, detected, locked, build, tools),
        locked == null
            ? Optional.empty()
            : lock.map(file -> HashedFile.of(file.getFileName().toString(), locked)),
        git.isPresent() ? Revision.of(project, git.get(), tools) : Optional.empty(),
        time(environment));
  }

  /** The arguments without the directory of the program. */
  private static List<String> recorded(ToolCommand build) {
    List<String> argv = new java.util.ArrayList<>(build.argv());
    Path program = Path.of(build.program()).getFileName();
    argv.set(0, program == null ? build.program() : program.toString());
    return argv;
  }

  private static Dependencies dependencies(
      Path project,
      Optional<Language> language,
      byte @Nullable [] lock,
      @Nullable ToolCommand build,
      Lines tools)
      throws InterruptedException {
    if (language.isEmpty()) {
      return Dependencies.none("the project's language is not known");
    }
    return switch (language.get()) {
      case RUST -> CargoPackages.read(lock, build, tools, ProjectBuild.crateName(project));
      case GO, TINYGO -> GoModules.read(lock, build, tools);
      case ASSEMBLYSCRIPT -> NpmPackages.read(lock);
      case C -> Dependencies.none("a Makefile does not name packages");
    };
  }

  private static Optional<Path> lock(Path project, Language language) {
    return switch (language) {
      case RUST -> {
        // That of a workspace is in a directory above.
        for (Path at = project.toAbsolutePath().normalize(); at != null; at = at.getParent()) {
          if (Files.isRegularFile(at.resolve("Cargo.lock"))) {
            yield Optional.of(at.resolve("Cargo.lock"));
          }
        }
        yield Optional.empty();
      }
      case GO, TINYGO -> file(project.resolve("go.sum"));
      case ASSEMBLYSCRIPT -> file(project.resolve("package-lock.json"));
      case C -> Optional.empty();
    };
  }

  private static Optional<Path> file(Path file) {
    return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
  }

  private static byte @Nullable [] read(Path file) {
    try (var in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes(MAX_LOCK_BYTES + 1);
      return content.length > MAX_LOCK_BYTES ? null : content;
    } catch (IOException e) {
      return null;
    }
  }

  private static Optional<Instant> time(Map<String, String> environment) {
    String given = environment.getOrDefault(EPOCH, "");
    if (given.isEmpty()) {
      return Optional.empty();
    }
    if (!given.matches("\\d{1,12}") || Long.parseLong(given) > MOST_SECONDS) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          EPOCH
              + " is \""
              + given
              + "\": set it to seconds since 1970, such as 1700000000,"
              + " or unset it");
    }
    return Optional.of(Instant.ofEpochSecond(Long.parseLong(given)));
  }
}
