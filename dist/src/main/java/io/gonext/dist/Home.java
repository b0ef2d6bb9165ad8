package io.gonext.dist;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The directory that the command runs in, wherever it is installed: the launcher, {@code
 * gonext.jar}, {@code lib}, a Java runtime, and caches for quick starts.
 *
 * <p>A JVM takes a cache only with jars of the same size and time, so each file gets the time that
 * it has in the packages, before a cache is made.
 */
final class Home {
  /** What the command uses of the JDK, and what its libraries do. */
  private static final List<String> MODULES =
      List.of(
          "java.base",
          "java.logging",
          "java.management",
          "java.naming",
          "java.net.http",
          // Kerberos, for PostgreSQL.
          "java.security.jgss",
          "java.sql",
          "java.xml",
          "jdk.jfr",
          "jdk.management",
          "jdk.net",
          "jdk.unsupported");

  private static final List<String> KINDS = List.of("print", "client", "host");

  private final Path directory;
  private final Instant time;

  Home(Path directory, Instant time) {
    this.directory = directory;
    this.time = time;
  }

  Path directory() {
    return directory;
  }

  Path lib() {
    return directory.resolve("lib");
  }

  Path runtime() {
    return directory.resolve("runtime");
  }

  Path caches() {
    return directory.resolve("aot");
  }

  /** Copies the launcher and the jars, exactly those of the class path that the manifest has. */
  void copyFrom(Path root) throws IOException {
    Path built = root.resolve("cli/target");
    Path jar = built.resolve("gonext.jar");
    Files.createDirectories(lib());
    copy(jar, directory.resolve("gonext.jar"));
    try (JarFile opened = new JarFile(jar.toFile())) {
      String path = opened.getManifest().getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
      for (String each : path.split(" ", -1)) {
        copy(built.resolve(each), directory.resolve(each));
      }
    }
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Path launcher = bin.resolve("gonext");
    copy(root.resolve("dist/src/main/files/gonext"), launcher);
    launcher.toFile().setExecutable(true, false);
    copy(root.resolve("bin/jvm.sh"), bin.resolve("jvm.sh"));
    Files.writeString(directory.resolve("build-id"), buildId() + "\n");
    touch();
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
  }

  /** What caches on an operator's disk are of: other jars or other options, another name. */
  private String buildId() throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        digest.update(Files.readAllBytes(file));
      }
    }
    return HexFormat.of().formatHex(digest.digest(), 0, 8);
  }

  /** The tree without a runtime, for whoever has a Java. */
  Tree portable() throws IOException {
    return new Tree()
        .directory("bin", directory.resolve("bin"))
        .file("gonext.jar", directory.resolve("gonext.jar"))
        .file("build-id", directory.resolve("build-id"))
        .directory("lib", lib());
  }

  /** The tree with runtime and caches. */
  Tree whole() throws IOException {
    return portable().directory("runtime", runtime()).directory("aot", caches());
  }

  /** Adds a Java runtime of those modules of this JDK that are needed. */
  void link() throws IOException {
    ToolProvider jlink =
        ToolProvider.findFirst("jlink")
            .orElseThrow(() -> new IOException("this JDK has no jlink; install a whole one"));
    int code =
        jlink.run(
            System.out,
            System.err,
            "--add-modules",
            String.join(",", MODULES),
            "--no-header-files",
            "--no-man-pages",
            "--output",
            runtime().toString());
    if (code != 0) {
      throw new IOException("jlink failed with code " + code);
    }
    touch();
  }

  /**
   * Adds the caches: those of an earlier build, or those of training runs.
   *
   * @param earlier the directory of an earlier build's; empty: none
   */
  void train(Path root, Path work, String earlier) throws IOException, InterruptedException {
    Path caches = Files.createDirectories(caches());
    for (String kind : KINDS) {
      Path cache = caches.resolve(kind + ".aot");
      if (earlier.isEmpty()) {
        Path log = work.resolve("train-" + kind + ".log");
        Process training =
            new ProcessBuilder(
                    "sh",
                    root.resolve("dist/src/main/files/train").toString(),
                    directory.toString(),
                    kind,
                    cache.toString(),
                    work.resolve("training").toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (training.waitFor() != 0 || !Files.exists(cache)) {
          throw new IOException("no cache of starts of the kind " + kind + ": see " + log);
        }
      } else {
        copy(Path.of(earlier, kind + ".aot"), cache);
      }
    }
    touch();
  }

  /** The command's output for these arguments, into a file; without a cache. */
  void run(Path output, String... arguments) throws IOException, InterruptedException {
    List<String> command =
        Stream.concat(
                Stream.of(
                    directory.resolve("runtime/bin/java").toString(),
                    "-jar",
                    directory.resolve("gonext.jar").toString()),
                Stream.of(arguments))
            .toList();
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .redirectOutput(output.toFile())
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed");
    }
  }

  private void touch() throws IOException {
    FileTime touched = FileTime.from(time);
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!attributes.isSymbolicLink()) {
              Files.setLastModifiedTime(file, touched);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
