package io.gonext.cli.dev;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.build.Inputs;
import io.gonext.cli.build.ManifestMentions;
import io.gonext.cli.build.SkipRules;
import io.gonext.cli.build.SourceTrees;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.testing.ProjectTests;
import io.gonext.host.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The developer loop: build, upload, watch, repeat. The thread in {@link #run} owns all state;
 * other threads send it a {@link Signal}. At most one {@link Attempt} runs at a time. The version
 * that went live last serves until the next one is live.
 */
final class DevLoop {
  /** How long an attempt may take to end after it was cancelled. */
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  private static final Duration DEBOUNCE = Duration.ofMillis(200);

  /** How long after the end of a build its last changes of files may be seen. */
  private static final Duration LATE_WRITES = Duration.ofMillis(300);

  /** How long to wait before a build for a file that the build itself may write. */
  static final Duration REST = Duration.ofMillis(1500);

  private static final Path MANIFEST = Path.of("manifest.json");

  /** The files that no build reads, unless the sources mention the manifest. */
  private static final Set<Path> NOT_BUILT =
      Stream.concat(Stream.of(MANIFEST), AuthorFiles.ALL.stream())
          .collect(Collectors.toUnmodifiableSet());

  /** What the loop waits for. */
  private sealed interface Signal {
    /**
     * Files were saved, or the user requested a build.
     *
     * @param forced whether to build even if nothing has changed
     * @param rested whether the loop has already waited {@link #REST} for these files
     */
    record Edited(Set<Path> paths, long beganNanos, boolean forced, boolean rested)
        implements Signal {}

    record Ended(Attempt attempt, Attempt.Outcome outcome) implements Signal {}

    record Stop() implements Signal {}
  }

  /**
   * How the loop runs.
   *
   * @param watch whether to go on after the first attempt
   * @param keepGoing whether to go on even if the first attempt fails
   */
  record Settings(boolean watch, boolean keepGoing) {}

  private final Attempt.Tools tools;
  private final TreeWatcher watcher;
  private final SourceTrees trees;
  private final Settings settings;

  /** Null if the project's tests are not run. */
  private final @Nullable TestRuns tests;

  private final BlockingQueue<Signal> signals = new LinkedBlockingQueue<>();

  // Owned by the thread in run().
  private @Nullable Attempt running;

  /** An edit that came while an attempt was running. */
  private Signal.@Nullable Edited pending;

  private final BuildWrites writes;

  /** The number of attempts, including the running one. */
  private int attempts;

  /** When the last attempt ended, and the inputs at that time. */
  private long endedNanos;

  private Inputs atEnd = Inputs.NONE;

  /** The inputs of the last attempt. */
  private Inputs attempted = Inputs.NONE;

  /** Whether the same inputs are tried again, because the result may differ. */
  private boolean worthRetrying = true;

  private boolean hasEnded;
  private boolean lastFailed;
  private byte @Nullable [] lastModule;
  private @Nullable Manifest live;
  private int liveNumber;

  DevLoop(Attempt.Tools tools, TreeWatcher watcher, SourceTrees trees, Settings settings) {
    this(tools, watcher, trees, settings, null);
  }

  /**
   * @param tests runs the project's tests against each version that goes live
   */
  DevLoop(
      Attempt.Tools tools,
      TreeWatcher watcher,
      SourceTrees trees,
      Settings settings,
      @Nullable TestRuns tests) {
    this.tests = tests;
    this.tools = tools;
    this.watcher = watcher;
    this.trees = trees;
    this.writes = new BuildWrites(tools.toolchain().writes());
    this.settings = settings;
  }

  /** Ends the loop, from any thread; {@link #run} returns soon after. */
  void stop() {
    signals.add(new Signal.Stop());
  }

  /** Builds even if nothing has changed, from any thread. */
  void rebuild() {
    signals.add(forced());
  }

  /**
   * Runs until it is stopped; without watching, or if the first attempt fails, only one attempt.
   *
   * @return the exit code
   */
  int run() throws InterruptedException {
    try (Debouncer<Path> debouncer =
        new Debouncer<>(
            DEBOUNCE,
            tools.time(),
            burst ->
                signals.add(new Signal.Edited(burst.events(), burst.beganNanos(), false, false)))) {
      String how = "";
      if (settings.watch) {
        // Watch before the first build reads a file, so that no edit is missed.
        how = startWatching(debouncer);
      }
      begin(forced());
      while (true) {
        switch (signals.take()) {
          case Signal.Stop stop -> {
            return 0;
          }
          case Signal.Edited edit -> edited(edit);
          case Signal.Ended ended -> {
            Integer exitCode = ended(ended, how);
            if (exitCode != null) {
              return exitCode;
            }
          }
        }
      }
    } finally {
      watcher.close();
      if (tests != null) {
        tests.close();
      }
      if (running != null) {
        running.abort(PATIENCE);
      }
    }
  }

  private String startWatching(Debouncer<Path> debouncer) {
    try {
      return watcher.start(debouncer::add);
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          tools.project().shown() + " cannot be watched: " + CommandFailure.reason(e),
          "build once instead: --no-watch");
    }
  }

  private void edited(Signal.Edited edit) {
    if (running == null) {
      begin(atRest(edit));
      return;
    }
    Inputs before = running.inputs();
    Inputs now = scan(before, edit.paths);
    List<Path> changed = new ArrayList<>(before.differenceTo(now));
    changed.removeIf(path -> writes.areOwn(path, before));
    if (edit.forced || !changed.isEmpty()) {
      pending = merge(pending, edit);
    }
    if (edit.forced || !changed.stream().allMatch(path -> writes.maybe(path, before))) {
      running.cancel();
    }
  }

  /** Handles a change while no build runs; the change may be a late one of the last build. */
  private Signal.Edited atRest(Signal.Edited edit) {
    List<Path> changed = atEnd.differenceTo(scan(atEnd, edit.paths));
    if (edit.beganNanos - endedNanos < LATE_WRITES.toNanos()) {
      reportWrites(writes.changedDuring(attempts, changed, attempted));
      return edit;
    }
    changed.forEach(path -> writes.changedAtRest(attempts, path));
    return new Signal.Edited(edit.paths, edit.beganNanos, edit.forced, true);
  }

  private void reportWrites(List<String> files) {
    for (String file : files) {
      tools
          .output()
          .emit(
              new DevEvent.Warning(
                  "each build changes its own input "
                      + file
                      + ": from now on, a change of it during a build starts no new build; add it"
                      + " to .gitignore to always ignore it"));
    }
  }

  private Signal.Edited forced() {
    return new Signal.Edited(Set.of(), tools.time().nanoTime(), true, false);
  }

  private static Signal.Edited merge(Signal.@Nullable Edited before, Signal.Edited edit) {
    if (before == null) {
      return edit;
    }
    Set<Path> all = new HashSet<>(before.paths);
    all.addAll(edit.paths);
    return new Signal.Edited(
        all, before.beganNanos, before.forced || edit.forced, before.rested && edit.rested);
  }

  /** Begins an attempt, unless nothing has changed. */
  private void begin(Signal.Edited edit) {
    Inputs now = scan(attempted, edit.paths);
    List<Path> changed = attempted.differenceTo(now);
    if (hasEnded && !edit.forced && mayBeOwn(changed) && !edit.rested) {
      Signal.Edited later = new Signal.Edited(edit.paths, edit.beganNanos, false, true);
      var _ = tools.time().after(REST, () -> signals.add(later));
      return;
    }
    if (hasEnded && !changed.isEmpty()) {
      tools.output().emit(new DevEvent.Changed(changed.stream().map(SkipRules::slashed).toList()));
    } else if (hasEnded && !edit.forced && !worthRetrying) {
      // A directory, or a file that is already gone, is not reported.
      edit.paths.stream()
          .filter(path -> now.files().containsKey(path) && !writes.isFoundOut(path, now))
          .findFirst()
          .ifPresent(path -> tools.output().emit(new DevEvent.Skipped(SkipRules.slashed(path))));
      return;
    }
    boolean manifestOnly =
        !edit.forced
            && !changed.isEmpty()
            && changed.stream().allMatch(DevLoop::isNotBuilt)
            && !(changed.contains(MANIFEST) && ManifestMentions.in(tools.project().root(), now));
    Attempt attempt =
        new Attempt(tools, now, edit.beganNanos, manifestOnly ? lastModule : null, live);
    running = attempt;
    attempts++;
    attempt.start(outcome -> signals.add(new Signal.Ended(attempt, outcome)));
  }

  /** The tests in JSON, too, are read by no build. */
  private static boolean isNotBuilt(Path changed) {
    return NOT_BUILT.contains(changed)
        || (changed.getNameCount() == 2
            && changed.startsWith(ProjectTests.DIRECTORY)
            && changed.toString().endsWith(".json"));
  }

  /** Whether files have changed, and the build itself may have written all of them. */
  private boolean mayBeOwn(List<Path> changed) {
    return !changed.isEmpty() && changed.stream().allMatch(path -> writes.maybe(path, attempted));
  }

  private Inputs scan(Inputs before, Set<Path> touched) {
    // An empty path means any file.
    Inputs known = touched.contains(Path.of("")) ? Inputs.NONE : before;
    try {
      Inputs now = trees.scan(known, touched);
      if (settings.watch && trees.haveChanged()) {
        for (String problem : watcher.alsoWatch(trees.outside())) {
          tools.output().emit(new DevEvent.Warning(problem));
        }
        // Files may have changed there before it was watched.
        now = trees.scan(now, touched);
      }
      return now;
    } catch (IOException e) {
      // The project is gone for the moment.
      return Inputs.NONE;
    }
  }

  /** Returns the exit code when the loop ends, or null. */
  private @Nullable Integer ended(Signal.Ended ended, String how) {
    Attempt attempt = ended.attempt;
    running = null;
    Signal.Edited next = pending;
    pending = null;
    endedNanos = tools.time().nanoTime();
    Inputs before = attempt.inputs();
    atEnd = scan(before, next == null ? Set.of() : next.paths);
    reportWrites(writes.changedDuring(attempts, before.differenceTo(atEnd), before));
    // Files that the build itself has written, such as lock files, are not edits.
    attempted = before.with(atEnd, path -> writes.areOwn(path, before));
    switch (ended.outcome) {
      case Attempt.Outcome.Cancelled cancelled -> {
        tools.output().emit(new DevEvent.BuildCancelled());
        lastModule = null;
        begin(next == null ? forced() : merge(next, forced()));
        return null;
      }
      case Attempt.Outcome.Failed failed -> {
        lastModule = failed.wasm();
        lastFailed = true;
        worthRetrying =
            failed.step().equals("upload") || failed.failure().kind() != CommandFailure.Kind.FAILED;
        tools
            .output()
            .emit(new DevEvent.Failed(failed.step(), failed.failure(), failed.took(), liveNumber));
        if (!hasEnded && (!settings.keepGoing || !settings.watch)) {
          return failed.failure().kind().exitCode();
        }
      }
      case Attempt.Outcome.Done done -> {
        lastModule = done.artifact().wasm();
        worthRetrying = false;
        if (done.answer() != null) {
          wentLive(done, done.answer());
        }
        lastFailed = false;
        if (!settings.watch) {
          return tests == null || tests.awaitPassed() ? 0 : CommandFailure.Kind.FAILED.exitCode();
        }
      }
    }
    if (!hasEnded) {
      hasEnded = true;
      tools.output().emit(new DevEvent.Watching(tools.project().shown(), trees.shown(), how));
    }
    if (next != null && (next.forced || !attempted.differenceTo(atEnd).isEmpty())) {
      begin(next);
    }
    return null;
  }

  private void wentLive(Attempt.Outcome.Done done, UploadAnswer answer) {
    live = done.artifact().manifest();
    if (liveNumber == 0 || !answer.action().equals("unchanged")) {
      liveNumber++;
    }
    tools
        .output()
        .emit(
            new DevEvent.Live(
                liveNumber,
                done.artifact(),
                answer,
                answer.confirms(done.artifact()),
                lastFailed,
                done.timing()));
    if (tests != null) {
      tests.begin(done.artifact());
    }
  }
}
