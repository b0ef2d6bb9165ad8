package io.gonext.cli.dev;

import io.gonext.cli.dev.DevEvent.Built;
import io.gonext.cli.dev.DevEvent.Live;
import io.gonext.cli.dev.DevEvent.Timing;
import io.gonext.cli.output.Backtrace;
import io.gonext.cli.output.TrapText;
import io.gonext.cli.testing.ProjectTests;
import io.gonext.engine.PlainText;
import io.gonext.engine.SourceLocation;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.manifest.Reach;
import io.gonext.host.recording.RecordedResult.Trap;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Prints events as lines for people. On a terminal, the last line shows the progress of a build;
 * other lines never change. Thread-safe.
 */
final class TextOutput implements DevOutput {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);
  private static final String[] SPINNER = {"|", "/", "-", "\\"};
  private static final Duration FRAME = Duration.ofMillis(100);

  private static final String ERASE_LINE = "\r\033[K";
  private static final String RED = "\033[31m";
  private static final String GREEN = "\033[32m";
  private static final String YELLOW = "\033[33m";
  private static final String DIM = "\033[2m";
  private static final String RESET = "\033[0m";

  /** How many changed files are listed. */
  private static final int SHOWN_PATHS = 3;

  private final PrintWriter out;
  private final TimeSources time;
  private final boolean interactive;
  private final boolean verbose;

  // Guarded by this.
  private @Nullable String progress;
  private long progressBegan;
  private final Path project;
  private int frame;
  private Timers.@Nullable Timer nextFrame;
  private boolean isWatching;

  /** The failure whose backtrace was shown last. */
  private DevEvent.@Nullable CallFailed shownFailure;

  /**
   * @param project the author's directory
   * @param interactive whether a terminal understands colours and a progress line
   * @param verbose whether to show the commands of build tools
   */
  TextOutput(
      PrintWriter out, TimeSources time, Path project, boolean interactive, boolean verbose) {
    this.out = out;
    this.project = project;
    this.time = time;
    this.interactive = interactive;
    this.verbose = verbose;
  }

  @Override
  public synchronized void emit(DevEvent event) {
    eraseProgress();
    switch (event) {
      case DevEvent.Detected e ->
          line(
              "detected language: %s (%s), %s"
                  .formatted(e.language(), e.language().marker(), e.tool()));
      case DevEvent.HostReady e -> line("host: %s".formatted(PlainText.of(e.message())));
      case DevEvent.BuildStarted e -> {
        if (!isWatching || verbose) {
          line("build: %s%s".formatted(e.language(), verbose ? ": " + e.command() : ""));
        }
        begin("build: " + e.language());
      }
      case DevEvent.BuildOutput e -> out.println("    " + e.line());
      case Built e -> {
        end();
        if (!isWatching) {
          line("built %s (%s) in %s".formatted(e.path(), size(e.bytes()), seconds(e.took())));
        }
      }
      case DevEvent.BuildCancelled e -> {
        end();
        line("build cancelled by a newer edit");
      }
      case DevEvent.Capabilities e -> capabilities(e);
      case DevEvent.Warning e ->
          line("%s %s".formatted(coloured(YELLOW, "warning:"), PlainText.of(e.message())));
      case Live e -> {
        end();
        // A failure of the new version is shown in full again.
        shownFailure = null;
        live(e);
      }
      case DevEvent.Watching e -> {
        line(
            "watching %s%s (Ctrl-C to stop%s)%s"
                .formatted(
                    e.project(),
                    e.outside().isEmpty() ? "" : " and " + paths(e.outside()),
                    interactive ? "; r rebuild, t last trap, l logs, q quit" : "",
                    e.how().isEmpty() ? "" : ", " + e.how()));
        out.println();
        isWatching = true;
      }
      case DevEvent.Changed e ->
          line("change detected: %s".formatted(PlainText.of(paths(e.paths()))));
      case DevEvent.Skipped e ->
          line("%s saved, no input changed: skipped".formatted(PlainText.of(e.path())));
      case DevEvent.Failed e -> {
        end();
        failed(e);
      }
      case DevEvent.Tested e -> tested(e);
      case DevEvent.Log e -> log(e);
      case DevEvent.CallFailed e -> callFailed(e);
      case DevEvent.TrapReplayed e -> trapReplayed(e);
      case DevEvent.LogsDropped e ->
          line(coloured(YELLOW, e.count() + " log lines were dropped because they came too fast"));
      case DevEvent.LogsConnected e ->
          line(coloured(DIM, e.isConnected() ? "logs: connected" : "logs: connection lost"));
      case DevEvent.Stopped e -> {
        end();
        line("stopped: %s".formatted(e.message()));
      }
    }
    showProgress();
    out.flush();
  }

  private void tested(DevEvent.Tested tested) {
    int failed = tested.failed().size();
    line(
        failed == 0
            ? "tests: %s, %s"
                .formatted(coloured(GREEN, tested.count() + " passed"), seconds(tested.took()))
            : "tests: %s".formatted(coloured(RED, failed + " of " + tested.count() + " failed")));
    for (ProjectTests.Ran ran : tested.failed()) {
      TestRuns.lines(ran).forEach(text -> out.println("    " + PlainText.of(text)));
    }
  }

  private void capabilities(DevEvent.Capabilities capabilities) {
    out.println(capabilities.isFirst() ? "capabilities:" : "capabilities changed:");
    for (CapabilityChanges.Change change : capabilities.changes()) {
      String colour =
          switch (change.kind()) {
            case ADDED -> GREEN;
            case REMOVED -> RED;
            case KEPT -> "";
          };
      String line = change.kind().sign() + " " + PlainText.of(change.capability());
      out.println("  " + coloured(colour, line));
    }
    for (Reach.Way way : capabilities.wider()) {
      out.println("  " + coloured(GREEN, "+ " + PlainText.of(way.toString())));
    }
  }

  private void live(Live live) {
    String requests =
        live.failedRequests().isPresent()
            ? ", " + live.failedRequests().getAsLong() + " requests failed"
            : "";
    Timing timing = live.timing();
    String what =
        live.isConfirmed() ? "live" : "uploaded, but the host did not confirm the version";
    if (!isWatching) {
      String took = millis(timing.upload().plus(timing.swap())) + " ms";
      line(
          "uploaded: %s sha256:%s… %s"
              .formatted(
                  live.artifact().manifest().id(),
                  live.artifact().sha256().substring(0, 12),
                  live.isConfirmed()
                      ? coloured(GREEN, "live") + " in " + took
                      : "in " + took + "; the host did not confirm the version"));
      return;
    }
    String number = coloured(live.isConfirmed() ? GREEN : "", what + ": #" + live.number());
    if (live.isUnchanged()) {
      line("%s, unchanged, %d ms".formatted(number, millis(timing.total())));
    } else if (live.isRecovery()) {
      line("%s (recovered)".formatted(number));
    } else if (timing.manifestOnly()) {
      line("%s, manifest only, %d ms".formatted(number, millis(timing.total())));
    } else {
      line(
          "%s, debounce %d + build %d + upload %d + swap %d = %d ms%s"
              .formatted(
                  number,
                  millis(timing.debounce()),
                  millis(timing.total())
                      - millis(timing.debounce())
                      - millis(timing.upload())
                      - millis(timing.swap()),
                  millis(timing.upload()),
                  millis(timing.swap()),
                  millis(timing.total()),
                  requests));
    }
  }

  private void failed(DevEvent.Failed failed) {
    String serving = failed.serving() > 0 ? ", still serving #" + failed.serving() : "";
    boolean isExit = failed.step().equals("build") && failed.failure().details().isEmpty();
    line(
        "%s%s"
            .formatted(
                coloured(RED, failed.step() + " failed after " + millis(failed.took()) + " ms"),
                serving));
    // The output of the compiler says more than its exit code.
    if (!isExit || !isWatching) {
      out.println("    " + PlainText.of(failed.failure().getMessage()));
    }
    failed.failure().details().forEach(detail -> out.println("    " + PlainText.of(detail)));
  }

  private void log(DevEvent.Log log) {
    String level = log.level().toLowerCase(Locale.ROOT);
    String colour =
        switch (level) {
          case "error" -> RED;
          case "warn" -> YELLOW;
          case "debug" -> DIM;
          default -> "";
        };
    line(
        coloured(
            colour, "%-5s %s".formatted(PlainText.of(level, 20), PlainText.of(log.message()))));
  }

  /** Shows the backtrace, unless it is the same failure as before. */
  private void callFailed(DevEvent.CallFailed failed) {
    String headline =
        coloured(RED, "call failed: %s: %s".formatted(failed.hook(), failed.code()))
            + ": "
            + failed.message();
    if (failed.equals(shownFailure)) {
      line(headline + (failed.backtrace().isEmpty() ? "" : " (same backtrace)"));
      return;
    }
    shownFailure = failed;
    line(headline);
    Backtrace.lines(failed.backtrace()).forEach(frame -> out.println("    " + frame));
    source(failed);
  }

  /** The author's lines where the call failed. */
  private void source(DevEvent.CallFailed failed) {
    TrapText.source(
            failed.message(),
            failed.backtrace().stream().flatMap(frame -> place(frame).stream()).toList(),
            project)
        .forEach(this::below);
  }

  private static Optional<SourceLocation> place(TurnFailure.Frame frame) {
    String source = frame.source();
    int colon = source == null ? -1 : source.lastIndexOf(':');
    try {
      return source == null || colon < 0
          ? Optional.empty()
          : Optional.of(
              new SourceLocation(
                  source.substring(0, colon), Integer.parseInt(source.substring(colon + 1)), 0));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private void trapReplayed(DevEvent.TrapReplayed replayed) {
    String what = "last trap (%s in %s)".formatted(replayed.code(), replayed.hook());
    line(
        switch (replayed.end()) {
          case GONE ->
              coloured(GREEN, what + " is gone") + ": the call ends with " + replayed.detail();
          case STILL -> coloured(RED, what + " still happens");
          case UNKNOWN -> coloured(YELLOW, what + ": not known") + ", " + replayed.detail();
        });
    Trap trap = replayed.trap();
    if (trap != null) {
      TrapText.message(trap).forEach(this::below);
      TrapText.where(trap, project).forEach(this::below);
    }
    replayed.difference().forEach(this::below);
  }

  private void below(String line) {
    out.println("    " + PlainText.of(line));
  }

  private void line(String text) {
    LocalTime now = LocalTime.ofInstant(time.wall().instant(), ZoneId.systemDefault());
    out.println("[" + TIME.format(now) + "] " + text);
  }

  private String coloured(String colour, String text) {
    return interactive && !colour.isEmpty() ? colour + text + RESET : text;
  }

  // ---- progress ----------------------------------------------------------------------------

  private void begin(String what) {
    if (interactive) {
      end();
      progress = what;
      progressBegan = time.nanoTime();
      schedule();
    }
  }

  private void end() {
    progress = null;
    if (nextFrame != null) {
      nextFrame.cancel();
      nextFrame = null;
    }
  }

  private void schedule() {
    nextFrame =
        time.after(
            FRAME,
            () -> {
              synchronized (this) {
                if (progress != null) {
                  frame++;
                  eraseProgress();
                  showProgress();
                  out.flush();
                  schedule();
                }
              }
            });
  }

  private void eraseProgress() {
    if (progress != null) {
      out.print(ERASE_LINE);
    }
  }

  private void showProgress() {
    if (progress != null) {
      Duration took = Duration.ofNanos(time.nanoTime() - progressBegan);
      out.print(SPINNER[frame % SPINNER.length] + " " + progress + " " + seconds(took));
    }
  }

  @Override
  public synchronized void close() {
    eraseProgress();
    end();
    out.flush();
  }

  // ---- values ------------------------------------------------------------------------------

  private static String paths(List<String> paths) {
    List<String> shown = new ArrayList<>(paths.subList(0, Math.min(SHOWN_PATHS, paths.size())));
    int more = paths.size() - shown.size();
    return String.join(", ", shown) + (more > 0 ? " and " + more + " more" : "");
  }

  private static long millis(Duration duration) {
    return Math.round(duration.toNanos() / 1e6);
  }

  private static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.1fs", duration.toNanos() / 1e9);
  }

  private static String size(long bytes) {
    return bytes < 1024
        ? bytes + " bytes"
        : bytes < 1024 * 1024
            ? Math.round(bytes / 1024.0) + " KB"
            : String.format(Locale.ROOT, "%.1f MB", bytes / 1048576.0);
  }
}
