package io.gonext.cli.build;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Visits the files of a directory and of the directories below it. */
public final class FileWalk {
  private FileWalk() {}

  /**
   * Visits each file and symbolic link that the rules do not skip. Links are not followed. A file
   * or directory that disappears or cannot be read is left out.
   *
   * @param found receives the file below {@code root}, and its attributes
   * @throws IOException when {@code root} itself cannot be read
   */
  public static void walk(Path root, SkipRules rules, BiConsumer<Path, BasicFileAttributes> found)
      throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes now) {
            return rules.skips(root.relativize(directory), true)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes now) {
            if (!rules.skips(root.relativize(file), false)) {
              found.accept(file, now);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (file.equals(root)) {
              throw e;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
