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
  private final Registration registration;
  private final Consumer<String> onEnd;

  /**
   * Which directory a key stands for now: a key outlives its directory's renaming. Owned by the
   * thread that starts the watcher, then by the watcher's.
   */
  private final Map<WatchKey, Path> directories = new HashMap<>();

  private @Nullable WatchService service;

  /** How the system is asked for a directory's events. */
  @FunctionalInterface
  interface Registration {
    /**
     * Registers a directory.
     *
     * @throws IOException when it cannot be watched, or the system watches as many as it ever does
     */
    WatchKey register(Path directory, WatchService events) throws IOException;
  }

  static final Registration SYSTEM =
      (directory, events) -> directory.register(events, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);

  /**
   * @param onEnd is told why nothing more will be told though nobody has closed this, on a thread
   *     of the watcher's
   */
  EventWatcher(Path root, SkipRules rules, Registration registration, Consumer<String> onEnd) {
    this.root = root;
    this.rules = rules;
    this.registration = registration;
    this.onEnd = onEnd;
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
          } catch (IOException e) {
            end(events, Toolchains.reason(e));
          } catch (RuntimeException e) {
            end(events, "internal error: " + e);
          }
        });
    return "";
  }

  private void end(WatchService events, String why) {
    try {
      events.close();
    } catch (IOException e) {
      // It is of no use any more.
    }
    onEnd.accept(why);
  }

  private void watch(WatchService events, Consumer<Path> changed)
      throws InterruptedException, IOException {
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

  private void read(WatchService events, WatchKey key, Consumer<Path> changed) throws IOException {
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

  /**
   * Registers a directory, unless it is gone again before its turn.
   *
   * @throws IOException when it is there and cannot be watched, for one is too many for instance
   */
  private boolean tryRegister(WatchService events, Path directory, Consumer<Path> found)
      throws IOException {
    try {
      register(events, directory, found);
      return true;
    } catch (IOException e) {
      if (Files.isDirectory(directory)) {
        throw e;
      }
      return false;
    }
  }

  /** Registers a directory and those below it, and tells the files that are in them. */
  private void register(WatchService events, Path directory, Consumer<Path> found)
      throws IOException {
    directories.put(registration.register(directory, events), directory);
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
