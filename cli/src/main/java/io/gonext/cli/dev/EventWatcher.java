package io.gonext.cli.dev;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watches by the operating system's events. A {@link WatchService} watches one directory a key, so
 * that each directory that appears is registered and then looked through: what was put into it
 * before the registration would be missed otherwise.
 */
final class EventWatcher implements FileWatcher {
  /** How often a project directory that is gone is looked for. */
  private static final long LOST_ROOT_MILLIS = 500;

  private final Path root;
  private final SkipRules rules;

  /**
   * Which directory a key stands for now: a key outlives its directory's renaming. Owned by the
   * thread that starts the watcher, then by the watcher's.
   */
  private final Map<WatchKey, Path> directories = new HashMap<>();

  private @Nullable WatchService service;

  EventWatcher(Path root, SkipRules rules) {
    this.root = root;
    this.rules = rules;
  }

  @Override
  public String start(Consumer<Path> changed) throws IOException {
    WatchService events = root.getFileSystem().newWatchService();
    service = events;
    try {
      register(events, root, path -> {});
    } catch (IOException e) {
      events.close();
      throw e;
    }
    Thread.ofPlatform()
        .daemon()
        .name("gonext-watch")
        .start(() -> {
          try {
            watch(events, changed);
          } catch (ClosedWatchServiceException | InterruptedException e) {
            // Closed.
          }
        });
    return "";
  }

  private void watch(WatchService events, Consumer<Path> changed) throws InterruptedException {
    boolean lost = false;
    while (true) {
      WatchKey key = lost ? events.poll(LOST_ROOT_MILLIS, TimeUnit.MILLISECONDS) : events.take();
      if (key != null) {
        read(events, key, changed);
        if (!key.reset()) {
          Path gone = directories.remove(key);
          lost |= root.equals(gone);
        }
      }
      if (lost && Files.isDirectory(root)) {
        lost = !tryRegister(events, root, changed);
        changed.accept(Path.of(""));
      }
    }
  }

  private void read(WatchService events, WatchKey key, Consumer<Path> changed) {
    Path directory = directories.get(key);
    for (WatchEvent<?> event : key.pollEvents()) {
      if (directory == null) {
        continue;
      }
      if (event.kind().equals(OVERFLOW)) {
        // Whatever was lost: all directories are registered again, and anything may have changed.
        rules.reload();
        tryRegister(events, root, path -> {});
        changed.accept(Path.of(""));
        continue;
      }
      Path path = directory.resolve((Path) event.context());
      Path relative = root.relativize(path);
      boolean isDirectory = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
      if (relative.endsWith(".gitignore")) {
        // Directories that were ignored may not be any more.
        rules.reload();
        tryRegister(events, root, p -> {});
      }
      if (rules.skips(relative, isDirectory)) {
        continue;
      }
      if (isDirectory && event.kind().equals(ENTRY_CREATE)) {
        tryRegister(events, path, changed);
      }
      changed.accept(relative);
    }
  }

  /** Registers where that is possible; a directory may be gone again before its turn. */
  private boolean tryRegister(WatchService events, Path directory, Consumer<Path> found) {
    try {
      register(events, directory, found);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Registers a directory and those below it, and tells the files that are in them. */
  private void register(WatchService events, Path directory, Consumer<Path> found)
      throws IOException {
    directories.put(
        directory.register(events, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE), directory);
    try (DirectoryStream<Path> children = Files.newDirectoryStream(directory)) {
      for (Path child : children) {
        Path relative = root.relativize(child);
        boolean isDirectory = Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS);
        if (rules.skips(relative, isDirectory)) {
          continue;
        }
        if (isDirectory) {
          try {
            register(events, child, found);
          } catch (java.nio.file.NoSuchFileException | java.nio.file.NotDirectoryException e) {
            // Gone again.
          }
        } else {
          found.accept(relative);
        }
      }
    } catch (java.nio.file.DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  @Override
  public void close() {
    try {
      if (service != null) {
        service.close();
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
