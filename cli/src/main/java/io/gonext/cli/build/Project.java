package io.gonext.cli.build;

import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.manifest.ManifestReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A plugin's project directory.
 *
 * @param root absolute
 * @param shown as the user wrote it
 */
public record Project(Path root, String shown) {
  private static final String MANIFEST = "manifest.json";

  public static Project of(Path given) {
    return new Project(given.toAbsolutePath().normalize(), given.toString());
  }

  /**
   * The bytes of {@code manifest.json}, unchecked.
   *
   * @throws CommandFailure when there is none, with the command that creates one
   */
  public byte[] manifest() {
    Path file = root.resolve(MANIFEST);
    if (Files.isDirectory(file)) {
      throw failed(MANIFEST + " in " + shown + " is a directory, not a file");
    }
    try (var in = Files.newInputStream(file)) {
      return in.readNBytes(ManifestReader.MAX_BYTES + 1);
    } catch (java.nio.file.NoSuchFileException e) {
      throw failed(
          "there is no " + MANIFEST + " in " + shown,
          "create one: echo '{\"apiVersion\":\"gonext.io/v1\",\"name\":\""
              + slug()
              + "\",\"version\":\"0.1.0\",\"entry\":\"plugin.wasm\"}' > "
              + Path.of(shown, MANIFEST));
    } catch (IOException e) {
      throw failed(MANIFEST + " in " + shown + " cannot be read: " + CommandFailure.reason(e));
    }
  }

  /** A plugin name from the name of the directory. */
  private String slug() {
    Path name = root.getFileName();
    String slug =
        (name == null ? "" : name.toString())
            .toLowerCase(java.util.Locale.ROOT)
            .replaceAll("[^a-z0-9-]+", "-")
            .replaceAll("^[^a-z]+", "");
    return slug.length() < 3 || slug.length() > 41 ? "my-plugin" : slug;
  }

  /** Creates the directory for modules. */
  void makeOutputDirectory() {
    Path directory = root.resolve(Toolchain.OUTPUT).getParent();
    if (Files.isRegularFile(directory)) {
      // A file named build, such as a script: this project writes its module elsewhere.
      return;
    }
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw failed("cannot create the directory " + directory + ": " + CommandFailure.reason(e));
    }
  }

  /**
   * Reads a module and copies it to the output file that all languages share. Where its compiler
   * wrote a source map beside it, both have its lines.
   */
  byte[] takeModule(Path built) {
    Path output = root.resolve(Toolchain.OUTPUT);
    try {
      byte[] made = Files.readAllBytes(built);
      byte[] wasm = withLines(made, built.resolveSibling(built.getFileName() + ".map"));
      if (!Arrays.equals(wasm, made)) {
        AtomicFile.replace(built, wasm);
      }
      if (!built.equals(output) && Files.isDirectory(output.resolveSibling(""))) {
        AtomicFile.replace(output, wasm);
      }
      return wasm;
    } catch (IOException e) {
      throw failed("cannot copy " + built + ": " + CommandFailure.reason(e));
    }
  }

  private static byte[] withLines(byte[] wasm, Path map) throws IOException {
    if (!Files.isRegularFile(map)) {
      return wasm;
    }
    SourceMap lines;
    try {
      lines = SourceMap.parse(Files.readAllBytes(map));
    } catch (IllegalArgumentException e) {
      // Another kind of map, such as a linker's: the module is as good without it.
      return wasm;
    }
    return SourceMapLines.into(wasm, lines);
  }

  private static CommandFailure failed(String message, String... details) {
    return new CommandFailure(CommandFailure.Kind.FAILED, message, details);
  }
}
