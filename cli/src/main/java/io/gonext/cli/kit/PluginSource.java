package io.gonext.cli.kit;

import io.gonext.cli.dev.DevFailure;
import io.gonext.cli.dev.ProjectBuild;
import io.gonext.host.BundleRejectedException;
import io.gonext.host.PluginCheck;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.BundleFiles;
import io.gonext.host.manifest.BundleWriter;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The files of a plugin by their names in a bundle: those of a bundle, or those that a directory
 * would be packed of. Nothing was checked yet but the ZIP of a bundle.
 *
 * @param files the sound ones
 * @param problems what is wrong with a bundle's ZIP and with its other entries
 * @param packed the bundle's own bytes, or null for a directory
 */
record PluginSource(Map<String, byte[]> files, List<String> problems, byte @Nullable [] packed) {
  private static final List<String> TEXTS = List.of("README.md", "LICENSE");
  private static final List<String> FOLDERS = List.of("web", "migrations");

  /** Reads a bundle, or a directory, which is built first where it holds a project's sources. */
  static PluginSource read(Path given, SourceOptions options)
      throws IOException, InterruptedException {
    if (Files.isDirectory(given)) {
      return new PluginSource(directory(given, options), List.of(), null);
    }
    if (!Files.exists(given)) {
      throw new DevFailure(
          DevFailure.Kind.USAGE,
          given + " does not exist: give a project's directory or a .gnplugin file");
    }
    try (var in = Files.newInputStream(given)) {
      byte[] bytes = in.readNBytes(Bundle.MAX_BYTES + 1);
      BundleFiles read = BundleFiles.read(bytes);
      return new PluginSource(read.files(), read.problems(), bytes);
    }
  }

  private static Map<String, byte[]> directory(Path root, SourceOptions options)
      throws IOException, InterruptedException {
    Map<String, byte[]> files = new TreeMap<>();
    Path manifest = root.resolve(Bundle.MANIFEST);
    if (!Files.isRegularFile(manifest)) {
      throw new DevFailure(
          DevFailure.Kind.USAGE,
          "there is no manifest.json in " + root,
          "begin with a project that has one: gonext plugin init my-plugin --lang rust");
    }
    byte[] manifestJson = Files.readAllBytes(manifest);
    files.put(Bundle.MANIFEST, manifestJson);
    files.put(entry(manifestJson), module(root, entry(manifestJson), options));
    for (String name : TEXTS) {
      if (Files.isRegularFile(root.resolve(name))) {
        files.put(name, Files.readAllBytes(root.resolve(name)));
      }
    }
    for (String folder : FOLDERS) {
      addFolder(root, root.resolve(folder), files);
    }
    return files;
  }

  private static byte[] module(Path root, String entry, SourceOptions options)
      throws IOException, InterruptedException {
    if (options.builds() && ProjectBuild.isProject(root)) {
      return build(root, options.language()).wasm();
    }
    for (String place : List.of("build/plugin.wasm", entry)) {
      // Absolute: "." alone is normalized to an empty path, below which nothing is.
      Path file = root.resolve(place).toAbsolutePath().normalize();
      if (file.startsWith(root.toAbsolutePath().normalize()) && Files.isRegularFile(file)) {
        return Files.readAllBytes(file);
      }
    }
    throw new DevFailure(
        DevFailure.Kind.FAILED,
        "there is no module in " + root + ", neither build/plugin.wasm nor " + entry,
        "build it: gonext plugin build " + root);
  }

  /** Builds; what the tool has written is shown where it fails. */
  private static ProjectBuild.Built build(Path root, String language) throws InterruptedException {
    List<String> output = new ArrayList<>();
    try {
      return ProjectBuild.of(root, language).run(output::add);
    } catch (DevFailure e) {
      List<String> details = new ArrayList<>(output);
      details.addAll(e.details());
      throw new DevFailure(e.kind(), e.getMessage(), details);
    }
  }

  private static void addFolder(Path root, Path folder, Map<String, byte[]> files)
      throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    List<Path> found;
    try (Stream<Path> walk = Files.walk(folder)) {
      found = walk.filter(file -> !isLeftOver(file)).toList();
    }
    for (Path file : found) {
      if (Files.isSymbolicLink(file)) {
        throw new DevFailure(
            DevFailure.Kind.FAILED, file + " is a symbolic link: a bundle holds files alone");
      }
      if (Files.isRegularFile(file)) {
        files.put(root.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
      }
    }
  }

  /** What editors and desktops leave behind. */
  private static boolean isLeftOver(Path file) {
    String name = file.getFileName().toString();
    return name.equals(".DS_Store") || name.endsWith("~") || name.endsWith(".swp");
  }

  /** The module's name in the bundle, of a manifest that may be wrong in all other ways. */
  private static String entry(byte[] manifestJson) {
    try {
      return StrictJson.parse(manifestJson).path("entry").asString("plugin.wasm");
    } catch (InvalidJsonException e) {
      return "plugin.wasm";
    }
  }

  /** The entry module, empty where there is none. */
  byte[] module() {
    byte[] manifestJson = files.getOrDefault(Bundle.MANIFEST, new byte[0]);
    return files.getOrDefault(entry(manifestJson), new byte[0]);
  }

  /**
   * As it is packed: the module of a directory without its debug information, which is larger than
   * the module and holds paths of the machine that built it. A bundle stays as it is.
   */
  PluginSource asPacked() {
    if (packed != null || module().length == 0) {
      return this;
    }
    Map<String, byte[]> stripped = new TreeMap<>(files);
    stripped.put(
        entry(files.getOrDefault(Bundle.MANIFEST, new byte[0])),
        DebugInformation.of(module()).without());
    return new PluginSource(stripped, problems, null);
  }

  /**
   * The bundle's bytes: those that were read, or those that the directory gives, always the same.
   */
  byte[] bundle() {
    return packed == null ? BundleWriter.write(files) : packed.clone();
  }

  /**
   * All that a host of the default limits would say, without compiling anything. Of a bundle with
   * bad entries it is not said that files are missing, which those may be.
   */
  PluginCheck check() {
    byte[] manifestJson = files.get(Bundle.MANIFEST);
    if (manifestJson == null) {
      return new PluginCheck(
          null,
          problems.isEmpty() ? List.of(BundleFiles.noManifest(files.keySet())) : problems,
          List.of());
    }
    String entry = entry(manifestJson);
    byte[] module = files.get(entry);
    PluginCheck check =
        module == null
            ? PluginCheck.ofManifest(manifestJson)
            : PluginCheck.of(manifestJson, module);
    List<String> all = new ArrayList<>(problems);
    all.addAll(check.problems());
    if (module == null && problems.isEmpty()) {
      all.add("manifest.json: /entry: " + entry + " is not in the bundle");
    }
    all.addAll(BundleFiles.unlisted(files.keySet(), entry));
    if (all.isEmpty()) {
      try {
        Bundle.read(bundle());
      } catch (BundleRejectedException e) {
        all.addAll(e.problems());
      }
    }
    return new PluginCheck(check.manifest(), all, check.warnings());
  }

  /**
   * The manifest, where a host would take the plugin.
   *
   * @throws DevFailure with all that keeps it from that
   */
  Manifest requireAcceptable() {
    PluginCheck check = check();
    Manifest manifest = check.manifest();
    if (manifest == null || !check.passed()) {
      throw new DevFailure(
          DevFailure.Kind.FAILED,
          "a host would refuse the plugin:",
          check.problems().stream().map(problem -> "- " + problem).toList());
    }
    return manifest;
  }
}
