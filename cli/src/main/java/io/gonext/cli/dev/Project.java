package io.gonext.cli.dev;

import io.gonext.host.manifest.ManifestReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A plugin's project directory.
 *
 * @param root absolute
 * @param shown as the user wrote it
 */
record Project(Path root, String shown) {
  private static final String MANIFEST = "manifest.json";

  static Project of(Path given) {
    return new Project(given.toAbsolutePath().normalize(), given.toString());
  }

  /**
   * The bytes of {@code manifest.json}, which no one has looked at yet.
   *
   * @throws DevFailure when there is none, with the command that makes one
   */
  byte[] manifest() {
    Path file = root.resolve(MANIFEST);
    if (Files.isDirectory(file)) {
      throw failed(MANIFEST + " in " + shown + " is a directory, not a file");
    }
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(ManifestReader.MAX_BYTES + 1);
    } catch (java.nio.file.NoSuchFileException e) {
      throw failed(
          "there is no " + MANIFEST + " in " + shown,
          "write one: echo '{\"apiVersion\":\"gonext.io/v1\",\"name\":\""
              + slug()
              + "\",\"version\":\"0.1.0\",\"entry\":\"plugin.wasm\"}' > "
              + Path.of(shown, MANIFEST));
    } catch (IOException e) {
      throw failed(MANIFEST + " in " + shown + " cannot be read: " + Toolchains.reason(e));
    }
  }

  /** A plugin name made of the directory's. */
  private String slug() {
    Path name = root.getFileName();
    String slug =
        (name == null ? "" : name.toString())
            .toLowerCase(java.util.Locale.ROOT)
            .replaceAll("[^a-z0-9-]+", "-")
            .replaceAll("^[^a-z]+", "");
    return slug.length() < 3 || slug.length() > 41 ? "my-plugin" : slug;
  }

  /** Makes the directory that modules are built into. */
  void makeOutputDirectory() {
    Path directory = root.resolve(Toolchain.OUTPUT).getParent();
    if (Files.isRegularFile(directory)) {
      // A script of that name; a tool that writes elsewhere has no need of the directory.
      return;
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw failed("the directory " + directory + " cannot be made: " + Toolchains.reason(e));
    }
  }

  /** Reads a module that was built, and puts it where all languages' modules are. */
  byte[] takeModule(Path built) {
    Path output = root.resolve(Toolchain.OUTPUT);
    try {
      byte[] wasm = Files.readAllBytes(built);
      if (!built.equals(output) && Files.isDirectory(output.resolveSibling(""))) {
        Path aside = output.resolveSibling("plugin.wasm.new");
        Files.write(aside, wasm);
        Files.move(aside, output, StandardCopyOption.REPLACE_EXISTING);
      }
      return wasm;
    } catch (IOException e) {
      throw failed(built + " cannot be taken: " + Toolchains.reason(e));
    }
  }

  private static DevFailure failed(String message, String... details) {
    return new DevFailure(DevFailure.Kind.FAILED, message, details);
  }
}
