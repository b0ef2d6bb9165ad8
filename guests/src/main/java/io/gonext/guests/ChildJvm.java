package io.gonext.guests;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Starts Java programs as processes of their own, with the classes of this JVM. Most of such a
 * process's time is its start, so that it starts fast and runs slower than by default: it has only
 * the first compiler and, after {@link #trained}, an ahead-of-time cache.
 *
 * <p>Safe for any number of threads.
 */
public final class ChildJvm {
  /** Below the module whose tests run. */
  private static final Path DIRECTORY = Path.of("target", "child-jvm").toAbsolutePath();

  private final String classPath;
  private final List<String> options;

  private ChildJvm(String classPath, List<String> options) {
    this.classPath = classPath;
    this.options = options;
  }

  /** One that loads each class from its file. */
  public static ChildJvm plain() {
    return new ChildJvm(System.getProperty("java.class.path"), List.of());
  }

  /** One that finds the classes of this jar before all others. */
  public static ChildJvm withFirst(Path jar) {
    return new ChildJvm(
        jar + File.pathSeparator + System.getProperty("java.class.path"), List.of());
  }

  /**
   * One with an ahead-of-time cache of the classes that a program loads. The program runs once,
   * now, and has to end by itself with the exit code 0. The cache serves other programs as well,
   * and is worth its two seconds when ten of them or more are started.
   *
   * @throws IllegalStateException when the program fails
   */
  public static ChildJvm trained(String mainClass, String... arguments) {
    try {
      Files.createDirectories(DIRECTORY);
      String classPath = classPathOfJars();
      Path cache = DIRECTORY.resolve(mainClass + ".aot");
      ChildJvm training =
          new ChildJvm(classPath, List.of("-XX:AOTCacheOutput=" + cache, "-Xlog:aot*=off"));
      Process process = training.start(mainClass, arguments);
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0 || !Files.exists(cache)) {
        throw new IllegalStateException("the training run of " + mainClass + " failed: " + output);
      }
      // A JVM that cannot use the cache runs without it.
      return new ChildJvm(classPath, List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The words that start a program, with more options for the JVM. */
  public List<String> command(List<String> more, String mainClass, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    command.addAll(options);
    command.addAll(more);
    command.addAll(List.of("-cp", classPath, mainClass));
    command.addAll(List.of(arguments));
    return command;
  }

  /** As {@link #command}, ready to be started. */
  public ProcessBuilder builder(List<String> more, String mainClass, String... arguments) {
    return new ProcessBuilder(command(more, mainClass, arguments));
  }

  /** Starts a program. Its errors go where its output goes. */
  public Process start(String mainClass, String... arguments) throws IOException {
    return builder(List.of(), mainClass, arguments).redirectErrorStream(true).start();
  }

  /** A cache refuses directories of classes: each becomes a jar. */
  private static String classPathOfJars() throws IOException {
    List<String> jars = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      if (entry.isEmpty()) {
        continue; // the working directory, which has no classes
      }
      if (Files.isDirectory(path)) {
        Path jar = DIRECTORY.resolve(jars.size() + ".jar");
        writeJar(path, jar);
        jars.add(jar.toString());
      } else if (Files.exists(path)) {
        jars.add(entry);
      }
    }
    return String.join(File.pathSeparator, jars);
  }

  private static void writeJar(Path directory, Path jar) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      zip.setLevel(0);
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes)
                throws IOException {
              // Flyway finds its migrations by the entry of their directory.
              if (!visited.equals(directory)) {
                zip.putNextEntry(new ZipEntry(name(directory.relativize(visited)) + "/"));
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path visited, BasicFileAttributes attributes)
                throws IOException {
              zip.putNextEntry(new ZipEntry(name(directory.relativize(visited))));
              Files.copy(visited, zip);
              return FileVisitResult.CONTINUE;
            }
          });
    }
  }

  private static String name(Path relative) {
    return relative.toString().replace(File.separatorChar, '/');
  }
}
