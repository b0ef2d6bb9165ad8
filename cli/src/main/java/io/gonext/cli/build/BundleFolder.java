package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A folder of a project whose files go into the bundle. */
public final class BundleFolder {
  private BundleFolder() {}

  /**
   * The files of a folder, by their names in the bundle; none if there is no such folder.
   *
   * @throws CommandFailure when there is a symbolic link
   */
  public static Map<String, byte[]> read(Path project, String name) throws IOException {
    Path folder = project.resolve(name);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Map.of();
    }
    List<Path> found;
    try (Stream<Path> walk = Files.walk(folder)) {
      found = walk.filter(file -> !isLeftOver(file)).toList();
    }
    Map<String, byte[]> files = new TreeMap<>();
    for (Path file : found) {
      if (Files.isSymbolicLink(file)) {
        throw new CommandFailure(
            CommandFailure.Kind.FAILED,
            file + " is a symbolic link: a bundle can only contain files");
      }
      if (Files.isRegularFile(file)) {
        files.put(project.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
      }
    }
    return files;
  }

  /** Whether an editor or a desktop left this file behind. */
  private static boolean isLeftOver(Path file) {
    String name = file.getFileName().toString();
    return name.equals(".DS_Store") || name.endsWith("~") || name.endsWith(".swp");
  }
}
