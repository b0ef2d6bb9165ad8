package io.gonext.cli.dev;

import io.gonext.cli.build.FileWalk;
import io.gonext.cli.build.SkipRules;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Compares sizes and times of all files at an interval, for file systems without events. */
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
                  report(before, now, changed);
                  before = now;
                }
              } catch (InterruptedException e) {
                // Closed.
              }
            });
    return "polling every " + interval.toMillis() + " ms: " + reason;
  }

  private record Stamp(long size, long modifiedMillis, @Nullable Object key) {}

  private void report(Map<Path, Stamp> before, Map<Path, Stamp> now, Consumer<Path> changed) {
    boolean rulesChanged = false;
    for (Map.Entry<Path, Stamp> entry : now.entrySet()) {
      if (!entry.getValue().equals(before.get(entry.getKey()))) {
        rulesChanged |= entry.getKey().endsWith(".gitignore");
        changed.accept(entry.getKey());
      }
    }
    for (Path gone : before.keySet()) {
      if (!now.containsKey(gone)) {
        rulesChanged |= gone.endsWith(".gitignore");
        changed.accept(gone);
      }
    }
    if (rulesChanged) {
      rules.reload();
    }
  }

  private Map<Path, Stamp> look() {
    Map<Path, Stamp> stamps = new HashMap<>();
    try {
      FileWalk.walk(
          root,
          rules,
          (file, now) ->
              stamps.put(
                  root.relativize(file),
                  new Stamp(now.size(), now.lastModifiedTime().toMillis(), now.fileKey())));
    } catch (IOException e) {
      // The directory is gone: it has no files until it is back.
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
