package io.gonext.cli.dev;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;

import io.gonext.cli.build.SkipRules;
import io.gonext.cli.output.CommandFailure;
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
 * Watches with the events of the operating system. A {@link WatchService} watches single
 * directories, so each new directory is registered and then listed: files that were created before
 * the registration cause no event.
 */
final class EventWatcher implements FileWatcher {
  /** How often to look for a project directory that was deleted. */
  private static final long LOST_ROOT_MILLIS = 500;

  private final Path root;
  private final SkipRules rules;
  private final Registration registration;
  private final Consumer<String> onEnd;

  /**
   * The directory of each key; a key stays valid when its directory is renamed. Owned by the thread
   * that starts the watcher, then by the watcher's thread.
   */
  private final Map<WatchKey, Path> directories = new HashMap<>();

  private @Nullable WatchService service;

  /** Registers a directory for events. */
  @FunctionalInterface
  interface Registration {
    /**
     * Registers a directory.
     *
     * @throws IOException when it cannot be watched, or the limit of the system is reached
     */
    WatchKey register(Path directory, WatchService events) throws IOException;
  }

  static final Registration SYSTEM =
      (directory, events) -> directory.register(events, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);

  /**
   * @param onEnd receives the reason when the watcher ends without being closed, on a thread of the
   *     watcher
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
            end(events, CommandFailure.reason(e));
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
      // The service is not used any more.
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
        // Events were lost: register all directories again, and report that anything may have
        // changed.
        rules.reload();
        tryRegister(events, root, path -> {});
        changed.accept(Path.of(""));
        continue;
      }
      Path path = directory.resolve((Path) event.context());
      Path relative = root.relativize(path);
      boolean isDirectory = Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
      if (relative.endsWith(".gitignore")) {
        // Directories that were ignored may count now.
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
   * Registers a directory, unless it is already gone.
   *
   * @throws IOException when it exists but cannot be watched, because of a limit for example
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

  /** Registers a directory tree and reports its files. */
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
            // It is already gone.
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
