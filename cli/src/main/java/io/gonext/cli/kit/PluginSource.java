package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.build.BundleFolder;
import io.gonext.cli.build.ProjectBuild;
import io.gonext.cli.output.CommandFailure;
import io.gonext.engine.PackedModule;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.PluginCheck;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.BundleWriter;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a plugin, by their names in the bundle. They come from a bundle, or from a directory
 * that is to be packed. Only the ZIP structure of a bundle has been checked.
 *
 * @param files without the entries that have problems
 * @param problems of the ZIP and its entries
 * @param packed the bytes of the bundle, or null for a directory
 */
record PluginSource(Map<String, byte[]> files, List<String> problems, byte @Nullable [] packed) {
  private static final List<String> TEXTS = List.of("README.md", "LICENSE");
  private static final List<String> FOLDERS = List.of("web", "migrations", "locales", "warmup");

  /** Reads a bundle, or a directory; builds the directory first if it contains a project. */
  static PluginSource read(Path given, SourceOptions options)
      throws IOException, InterruptedException {
    if (Files.isDirectory(given)) {
      return new PluginSource(
          directory(given, entry -> module(given, entry, options)), List.of(), null);
    }
    if (!Files.exists(given)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          given + " does not exist: give a project's directory or a .gnplugin file");
    }
    try (var in = Files.newInputStream(given)) {
      byte[] bytes = in.readNBytes(Bundle.MAX_BYTES + 1);
      BundleFiles read = BundleFiles.read(bytes);
      return new PluginSource(read.files(), read.problems(), bytes);
    }
  }

  /**
   * Builds a directory that contains a project.
   *
   * @param variables of the build's environment
   */
  static PluginSource rebuilt(Path root, String language, Map<String, String> variables)
      throws IOException, InterruptedException {
    return new PluginSource(
        directory(root, _ -> build(ProjectBuild.of(root, language).with(variables)).wasm()),
        List.of(),
        null);
  }

  /** Where the bytes of the module come from. */
  @FunctionalInterface
  private interface Modules {
    byte[] of(String entry) throws IOException, InterruptedException;
  }

  private static Map<String, byte[]> directory(Path root, Modules modules)
      throws IOException, InterruptedException {
    Map<String, byte[]> files = new TreeMap<>();
    Path manifest = root.resolve(Bundle.MANIFEST);
    if (!Files.isRegularFile(manifest)) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          "there is no manifest.json in " + root,
          "create a project that has one: gonext plugin init my-plugin --lang rust");
    }
    byte[] manifestJson = Files.readAllBytes(manifest);
    files.put(Bundle.MANIFEST, manifestJson);
    files.put(PluginCheck.entry(manifestJson), modules.of(PluginCheck.entry(manifestJson)));
    for (String name : TEXTS) {
      if (Files.isRegularFile(root.resolve(name))) {
        files.put(name, Files.readAllBytes(root.resolve(name)));
      }
    }
    for (String folder : FOLDERS) {
      files.putAll(BundleFolder.read(root, folder));
    }
    return files;
  }

  private static byte[] module(Path root, String entry, SourceOptions options)
      throws IOException, InterruptedException {
    if (options.builds() && ProjectBuild.isProject(root)) {
      return build(ProjectBuild.of(root, options.language())).wasm();
    }
    for (String place : List.of("build/plugin.wasm", entry)) {
      // "." would be normalized to an empty path, and no file is below that.
      Path file = root.resolve(place).toAbsolutePath().normalize();
      if (file.startsWith(root.toAbsolutePath().normalize()) && Files.isRegularFile(file)) {
        return Files.readAllBytes(file);
      }
    }
    throw new CommandFailure(
        CommandFailure.Kind.FAILED,
        "no module in " + root + ": neither build/plugin.wasm nor " + entry + " exists",
        "build it: gonext plugin build " + root);
  }

  /** Builds; a failure contains the output of the tool. */
  private static ProjectBuild.Built build(ProjectBuild build) throws InterruptedException {
    List<String> output = new ArrayList<>();
    try {
      return build.run(output::add);
    } catch (CommandFailure e) {
      List<String> details = new ArrayList<>(output);
      details.addAll(e.details());
      throw new CommandFailure(e.kind(), e.getMessage(), details);
    }
  }

  /** The bytes of the module; empty if there is none. */
  byte[] module() {
    byte[] manifestJson = files.getOrDefault(Bundle.MANIFEST, new byte[0]);
    return files.getOrDefault(PluginCheck.entry(manifestJson), new byte[0]);
  }

  /**
   * The files as they are packed: the module of a directory loses its debug information, which is
   * larger than the module and contains paths of the build machine. A bundle stays as it is.
   */
  PluginSource asPacked() {
    if (packed != null || module().length == 0) {
      return this;
    }
    Map<String, byte[]> stripped = new TreeMap<>(files);
    stripped.put(
        PluginCheck.entry(files.getOrDefault(Bundle.MANIFEST, new byte[0])),
        PackedModule.of(module()));
    return new PluginSource(stripped, problems, null);
  }

  /** The same plugin with another manifest. */
  PluginSource withManifest(byte[] manifestJson) {
    Map<String, byte[]> changed = new TreeMap<>(files);
    changed.put(Bundle.MANIFEST, manifestJson);
    return new PluginSource(changed, problems, null);
  }

  /** The bytes of the bundle. The same directory always gives the same bytes. */
  byte[] bundle() {
    return packed == null ? BundleWriter.write(files) : packed.clone();
  }

  /**
   * Everything that a host with default limits and these capabilities would reject, without
   * compiling. When a bundle has bad entries, missing files are not reported, because they may be
   * among those entries.
   */
  PluginCheck check(CapabilityRegistry capabilities) {
    PluginCheck check = PluginCheck.of(new BundleFiles(files, problems), capabilities);
    List<String> all = new ArrayList<>(check.problems());
    if (all.isEmpty()) {
      try {
        Bundle.read(bundle());
      } catch (BundleRejectedException e) {
        all.addAll(e.problems());
      }
    }
    return new PluginCheck(check.manifest(), all, check.warnings());
  }

  /** What to do about a capability that is not one of every host. */
  static Optional<String> hint(List<String> problems) {
    return problems.stream().anyMatch(problem -> problem.contains("there is no capability "))
        ? Optional.of(
            "if your application offers it: --capability NAME, or a function in "
                + AuthorFiles.FUNCTIONS)
        : Optional.empty();
  }

  /**
   * The manifest of a plugin that a host would accept.
   *
   * @throws CommandFailure when a host would reject it, with the reasons
   */
  Manifest requireAcceptable(CapabilityRegistry capabilities) {
    PluginCheck check = check(capabilities);
    Manifest manifest = check.manifest();
    if (manifest == null || !check.passed()) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          "a host would reject the plugin:",
          Stream.concat(
                  check.problems().stream().map(problem -> "- " + problem),
                  hint(check.problems()).stream())
              .toList());
    }
    return manifest;
  }
}
