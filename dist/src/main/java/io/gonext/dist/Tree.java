package io.gonext.dist;

import io.gonext.dist.Entry.Data;
import io.gonext.dist.Entry.Folder;
import io.gonext.dist.Entry.Link;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of a package, in the order of their paths, each folder before what it has. Modes are
 * those that this says, and not those of the machine that builds. Not thread-safe.
 */
final class Tree {
  private static final int PROGRAM = 0755;
  private static final int FILE = 0644;

  private final TreeMap<String, Entry> entries = new TreeMap<>();

  Collection<Entry> entries() {
    return entries.values();
  }

  Tree folder(String path, int mode, boolean ofService) {
    parents(path);
    entries.put(path, new Folder(path, mode, ofService));
    return this;
  }

  Tree file(String path, Path content) {
    return add(new Data(path, FILE, content, false));
  }

  Tree program(String path, Path content) {
    return add(new Data(path, PROGRAM, content, false));
  }

  Tree settings(String path, Path content) {
    return add(new Data(path, FILE, content, true));
  }

  Tree link(String path, String target) {
    return add(new Link(path, target));
  }

  /** All files below a directory. Those that their owner may execute are programs. */
  Tree directory(String path, Path directory) throws IOException {
    return directory(path, directory, true);
  }

  /** The same, with files in place of links. */
  Tree directoryWithoutLinks(String path, Path directory) throws IOException {
    return directory(path, directory, false);
  }

  private Tree directory(String path, Path directory, boolean links) throws IOException {
    List<Path> files;
    try (Stream<Path> below = Files.walk(directory)) {
      files = below.filter(each -> !Files.isDirectory(each)).sorted().toList();
    }
    for (Path file : files) {
      String name = path + "/" + directory.relativize(file).toString().replace('\\', '/');
      if (links && Files.isSymbolicLink(file)) {
        link(name, Files.readSymbolicLink(file).toString());
      } else if (Files.isExecutable(file)) {
        program(name, file);
      } else {
        file(name, file);
      }
    }
    return this;
  }

  /** All that another tree has, below a path. */
  Tree tree(String path, Tree other) {
    for (Entry each : other.entries()) {
      String name = path + "/" + each.path();
      switch (each) {
        case Folder folder -> folder(name, folder.mode(), folder.ofService());
        case Data data -> add(new Data(name, data.mode(), data.content(), data.settings()));
        case Link link -> link(name, link.target());
      }
    }
    return this;
  }

  private Tree add(Entry entry) {
    parents(entry.path());
    entries.put(entry.path(), entry);
    return this;
  }

  private void parents(String path) {
    for (int end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      String parent = path.substring(0, end);
      entries.putIfAbsent(parent, new Folder(parent, PROGRAM, false));
    }
  }
}
