package io.gonext.cli.dev;

import io.gonext.cli.build.FileEvents;
import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.SourceTrees;
import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Watches with events where the file system sends them, and by polling elsewhere. Thread-safe. */
final class Watchers implements TreeWatcher {
  private static final Duration POLL = Duration.ofMillis(500);

  private final Path root;
  private final SkipRules rules;
  private final boolean poll;
  private final EventWatcher.Registration registration;
  private final Consumer<String> onPolling;

  // Guarded by this.
  private @Nullable FileWatcher chosen;

  /** The watchers outside the project. Guarded by this. */
  private final Map<SourceTrees.Tree, Watchers> outside = new HashMap<>();

  private @Nullable Consumer<Path> listener;
  private boolean closed;

  /**
   * @param poll whether the user wants polling
   * @param onPolling receives a sentence when events end and polling begins
   */
  Watchers(Path root, SkipRules rules, boolean poll, Consumer<String> onPolling) {
    this(root, rules, poll, EventWatcher.SYSTEM, onPolling);
  }

  Watchers(
      Path root,
      SkipRules rules,
      boolean poll,
      EventWatcher.Registration registration,
      Consumer<String> onPolling) {
    this.root = root;
    this.rules = rules;
    this.poll = poll;
    this.registration = registration;
    this.onPolling = onPolling;
  }

  @Override
  public synchronized String start(Consumer<Path> changed) throws IOException {
    listener = changed;
    String silent = poll ? "--poll" : FileEvents.whyNone(root);
    if (silent == null) {
      EventWatcher events =
          new EventWatcher(root, rules, registration, why -> eventsEnded(why, changed));
      try {
        String how = events.start(changed);
        chosen = events;
        return how;
      } catch (IOException e) {
        // The limit fs.inotify.max_user_watches is the most likely reason.
        silent = noEvents(CommandFailure.reason(e));
      }
    }
    return poll(silent, changed);
  }

  @Override
  public synchronized List<String> alsoWatch(List<SourceTrees.Tree> trees) {
    Consumer<Path> changed = listener;
    if (closed || changed == null) {
      return List.of();
    }
    outside
        .entrySet()
        .removeIf(entry -> {
          boolean goes = !trees.contains(entry.getKey());
          if (goes) {
            entry.getValue().close();
          }
          return goes;
        });
    List<String> problems = new ArrayList<>();
    for (SourceTrees.Tree tree : trees) {
      if (!outside.containsKey(tree)) {
        Watchers watchers = new Watchers(tree.root(), tree.rules(), poll, registration, onPolling);
        outside.put(tree, watchers);
        try {
          watchers.start(path -> changed.accept(relative(tree.root(), path)));
        } catch (IOException | UncheckedIOException e) {
          problems.add(tree.root() + " cannot be watched: " + e.getMessage());
        }
      }
    }
    return problems;
  }

  /** A path below a directory outside the project, relative to the project. */
  private Path relative(Path tree, Path path) {
    return path.toString().isEmpty() ? path : root.relativize(tree.resolve(path));
  }

  private String poll(String reason, Consumer<Path> changed) {
    PollingWatcher polling = new PollingWatcher(root, rules, POLL, reason);
    chosen = polling;
    return polling.start(changed);
  }

  /** Begins to poll; called on the thread of the watcher that has ended. */
  private void eventsEnded(String why, Consumer<Path> changed) {
    String how;
    synchronized (this) {
      if (closed) {
        return;
      }
      how = poll(noEvents(why), changed);
    }
    onPolling.accept(how);
    // Changes may have been missed meanwhile.
    changed.accept(Path.of(""));
  }

  private static String noEvents(String why) {
    return "the system sends no events (" + why + ")";
  }

  @Override
  public synchronized void close() {
    closed = true;
    outside.values().forEach(Watchers::close);
    if (chosen != null) {
      chosen.close();
    }
  }
}
