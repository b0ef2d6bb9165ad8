package io.gonext.cli.dev;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks at sizes and times of all files again and again: where no events are to be had. */
final class PollingWatcher implements FileWatcher {
  private final Path root;
  private final SkipRules rules;
  private final Duration interval;
  private final String reason;

  private @Nullable Thread thread;

  /**
   * @param reason why it polls, for people
   */
  PollingWatcher(Path root, SkipRules rules, Duration interval, String reason) {
    this.root = root;
    this.rules = rules;
    this.interval = interval;
    this.reason = reason;
  }

  @Override
  public String start(Consumer<Path> changed) {
    Map<Path, Stamp> first = look();
    thread =
        Thread.ofPlatform()
            .daemon()
            .name("gonext-poll")
            .start(() -> {
              Map<Path, Stamp> before = first;
              try {
                while (true) {
                  Thread.sleep(interval);
                  Map<Path, Stamp> now = look();
                  tell(before, now, changed);
                  before = now;
                }
              } catch (InterruptedException e) {
                // Closed.
              }
            });
    return "polling every " + interval.toMillis() + " ms: " + reason;
  }

  private record Stamp(long size, long modifiedMillis, @Nullable Object key) {}

  private void tell(Map<Path, Stamp> before, Map<Path, Stamp> now, Consumer<Path> changed) {
    boolean ruled = false;
    for (Map.Entry<Path, Stamp> entry : now.entrySet()) {
      if (!entry.getValue().equals(before.get(entry.getKey()))) {
        ruled |= entry.getKey().endsWith(".gitignore");
        changed.accept(entry.getKey());
      }
    }
    for (Path gone : before.keySet()) {
      if (!now.containsKey(gone)) {
        ruled |= gone.endsWith(".gitignore");
        changed.accept(gone);
      }
    }
    if (ruled) {
      rules.reload();
    }
  }

  private Map<Path, Stamp> look() {
    Map<Path, Stamp> stamps = new HashMap<>();
    try {
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
              Path relative = root.relativize(file);
              if (!rules.skips(relative, false)) {
                stamps.put(
                    relative,
                    new Stamp(now.size(), now.lastModifiedTime().toMillis(), now.fileKey()));
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return stamps;
  }

  @Override
  public void close() {
    if (thread != null) {
      thread.interrupt();
    }
  }
}
