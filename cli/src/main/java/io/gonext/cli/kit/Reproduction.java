package io.gonext.cli.kit;

import io.gonext.cli.build.Language;
import io.gonext.cli.build.ProjectBuild;
import io.gonext.cli.build.ProjectCopy;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.TemporaryDirectory;
import io.gonext.cli.provenance.BundleDifference;
import io.gonext.host.manifest.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ExitCode;

/**
 * Two builds of one project, which should give the same bytes. Each has a copy of the sources: at
 * another path, with other times of files, in another time zone and without results of earlier
 * builds. The second also has an empty build cache of Go.
 */
final class Reproduction {
  private static final FileTime EARLY = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));
  private static final FileTime LATE = FileTime.from(Instant.parse("2020-11-12T13:14:15Z"));

  private final Path project;
  private final String language;

  Reproduction(Path project, String language) {
    this.project = project;
    this.language = language;
  }

  /** A build: the files as the tools left them, and as they are packed. */
  private record Build(Path directory, PluginSource built, PluginSource packed, byte[] bundle) {
    byte[] module() {
      return packed.module();
    }
  }

  Answer answer(TemporaryDirectory room) throws IOException, InterruptedException {
    if (!ProjectBuild.isProject(project)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "--reproduce builds a project, and " + project + " is not one that gonext can build");
    }
    Language detected = ProjectBuild.of(project, language).toolchain().language();
    Build first = build(room.path().resolve("first"), EARLY, Map.of("TZ", "UTC-14"));
    Build second =
        build(
            room.path().resolve("the-second-build"),
            LATE,
            Map.of("TZ", "UTC+12", "GOCACHE", room.path().resolve("cache").toString()));
    List<String> problems = new ArrayList<>();
    BundleDifference.ofModules(first.module(), second.module())
        .forEach(each -> problems.add("module: " + each));
    BundleDifference.ofBundles(first.bundle, second.bundle)
        .forEach(each -> problems.add("bundle: " + each));
    List<String> warnings = new ArrayList<>();
    if (problems.isEmpty() && !Arrays.equals(first.built.module(), second.built.module())) {
      BundleDifference.ofModules(first.built.module(), second.built.module())
          .forEach(each -> warnings.add("the debug information, which no bundle has: " + each));
    }
    String name = project.toAbsolutePath().normalize().getFileName() + "";
    String module = Sha256.hex(first.module());
    String bundle = Sha256.hex(first.bundle);
    List<String> text = new ArrayList<>();
    warnings.forEach(warning -> text.add("warning: " + warning));
    List<String> cures = problems.isEmpty() ? List.of() : cures(detected, first, second);
    if (problems.isEmpty()) {
      text.add("ok  two builds give the same bytes");
      text.add("    module sha256 " + module);
      text.add("    bundle sha256 " + bundle);
    } else {
      text.add(name + ": two builds differ");
      problems.forEach(problem -> text.add("  - " + problem));
      cures.forEach(cure -> text.add("  " + cure));
    }
    return new Answer(
        problems.isEmpty() ? ExitCode.OK : ExitCode.SOFTWARE,
        text,
        JsonLines.fields(
            "reproducible",
            problems.isEmpty(),
            "problems",
            problems,
            "warnings",
            warnings,
            "cures",
            cures,
            "module_sha256",
            module,
            "bundle_sha256",
            bundle));
  }

  private Build build(Path into, FileTime modified, Map<String, String> variables)
      throws IOException, InterruptedException {
    Path directory = ProjectCopy.of(project, Files.createDirectories(into), modified);
    PluginSource built;
    try {
      built = PluginSource.rebuilt(directory, language, variables);
    } catch (CommandFailure e) {
      List<String> details = new ArrayList<>(e.details());
      details.add(
          "this was a copy of the project without the files that .gitignore excludes: a clean"
              + " checkout does not have them either");
      throw new CommandFailure(e.kind(), e.getMessage(), details);
    }
    PluginSource packed = built.asPacked();
    return new Build(directory, built, packed, packed.bundle());
  }

  private List<String> cures(Language detected, Build first, Build second) {
    List<String> cures = new ArrayList<>();
    boolean hasPath =
        contains(first.module(), first.directory) || contains(second.module(), second.directory);
    if (hasPath) {
      cures.add("the module contains the path of the directory that it was built in");
    }
    switch (detected) {
      case RUST -> {
        List<String> outside = ProjectBuild.directoriesOutside(project);
        if (!outside.isEmpty() && !hasPath) {
          cures.add(
              "cargo hashes the absolute paths of crates outside of the workspace into names: "
                  + String.join(", ", outside));
          cures.add(
              "gonext replaces the hash, but not on Windows and not with a rustc-wrapper of your"
                  + " own: move the crates into the project's directory, make one workspace of all,"
                  + " or depend on a version or a commit");
        } else {
          cures.add(
              hasPath
                  ? "map it: rustflags = [\"--remap-path-prefix=/the/path=.\"] in"
                      + " .cargo/config.toml, and no env!(\"CARGO_MANIFEST_DIR\")"
                  : "look for times, random numbers and orders of hash maps in build.rs and"
                      + " macros");
        }
      }
      case GO, TINYGO ->
          cures.add(
              "gonext builds Go with -trimpath; look for -ldflags with a time in GOFLAGS, and for"
                  + " generated files");
      case ASSEMBLYSCRIPT ->
          cures.add("look for paths and times in transforms, and in files that scripts generate");
      case C ->
          cures.add(
              "compile with -ffile-prefix-map=$(CURDIR)=. and -Werror=date-time, and sort what"
                  + " $(wildcard) and $(shell find) give");
    }
    return cures;
  }

  private static boolean contains(byte[] module, Path directory) {
    // ISO 8859-1 keeps all bytes.
    byte[] path = directory.toString().getBytes(StandardCharsets.UTF_8);
    return new String(module, StandardCharsets.ISO_8859_1)
        .contains(new String(path, StandardCharsets.ISO_8859_1));
  }
}
