package io.gonext.cli.dev;

import io.gonext.cli.build.Language;
import io.gonext.cli.build.ToolCommand;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.testing.ProjectTests;
import io.gonext.host.CapabilityChanges;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Reach;
import io.gonext.host.recording.RecordedResult.Trap;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What happens in the developer loop, for its output. */
sealed interface DevEvent {
  /** The project's language and the tool that builds it. */
  record Detected(Language language, String tool) implements DevEvent {}

  /** Where the host is. */
  record HostReady(String message) implements DevEvent {}

  record BuildStarted(Language language, ToolCommand command) implements DevEvent {}

  /** A line of the compiler, unchanged. */
  record BuildOutput(String line) implements DevEvent {}

  record Built(String path, long bytes, Duration took) implements DevEvent {}

  /** An edit cancelled the build. */
  record BuildCancelled() implements DevEvent {}

  /**
   * The capabilities that a plugin requests, beside those of the version that went live last.
   *
   * @param changes without those of {@code KEPT}, unless it is the first version
   * @param wider what the version reaches by them and the other did not; empty for the first one
   * @param isFirst whether no version went live before
   */
  record Capabilities(
      List<CapabilityChanges.Change> changes, List<Reach.Way> wider, boolean isFirst)
      implements DevEvent {
    public Capabilities {
      changes = List.copyOf(changes);
      wider = List.copyOf(wider);
    }

    boolean isEmpty() {
      return changes.isEmpty() && wider.isEmpty();
    }

    /**
     * Compares two manifests.
     *
     * @param live of the version that went live last, or null
     */
    static Capabilities between(@Nullable Manifest live, Manifest next) {
      CapabilityChanges all =
          CapabilityChanges.between(
              Optional.of(live == null ? next : live), next, CapabilityRegistry.standard());
      return new Capabilities(
          all.changes().stream()
              .filter(change -> live == null || change.kind() != CapabilityChanges.Kind.KEPT)
              .sorted(Comparator.comparing(CapabilityChanges.Change::kind))
              .toList(),
          all.wider(),
          live == null);
    }
  }

  /** Something that may not work as the author expects. */
  record Warning(String message) implements DevEvent {}

  /**
   * The host serves the plugin.
   *
   * @param number how many versions have gone live, including this one
   * @param isConfirmed whether the host says that it serves exactly these bytes
   * @param isRecovery whether the previous attempt failed
   */
  record Live(
      int number,
      Artifact artifact,
      UploadAnswer answer,
      boolean isConfirmed,
      boolean isRecovery,
      Timing timing)
      implements DevEvent {
    /** Whether the host already had the same plugin. */
    boolean isUnchanged() {
      return answer.action().equals("unchanged");
    }

    OptionalLong failedRequests() {
      return answer.failedRequests();
    }
  }

  /**
   * The loop waits for changes.
   *
   * @param outside the watched paths outside the project, relative to it
   */
  record Watching(String project, List<String> outside, String how) implements DevEvent {
    public Watching {
      outside = List.copyOf(outside);
    }
  }

  /** The content of these files has changed. */
  record Changed(List<String> paths) implements DevEvent {}

  /** A file was saved, but no input has changed. */
  record Skipped(String path) implements DevEvent {}

  /**
   * An attempt failed.
   *
   * @param step {@code build}, {@code check}, {@code upload} or {@code test}
   * @param serving the number of the version that still serves, 0 for none
   */
  record Failed(String step, CommandFailure failure, Duration took, int serving)
      implements DevEvent {}

  /**
   * The project's tests have run.
   *
   * @param count how many
   * @param failed those that did not pass
   */
  record Tested(int count, List<ProjectTests.Ran> failed, Duration took) implements DevEvent {
    public Tested {
      failed = List.copyOf(failed);
    }
  }

  /** A log line of the plugin. */
  record Log(String level, String message) implements DevEvent {}

  /**
   * A call of the plugin that failed.
   *
   * @param code how it ended, such as {@code DEADLINE}
   * @param message one line
   * @param backtrace the guest's functions that were running, innermost first; may be empty
   */
  record CallFailed(String hook, String code, String message, List<TurnFailure.Frame> backtrace)
      implements DevEvent {
    public CallFailed {
      backtrace = List.copyOf(backtrace);
    }
  }

  /**
   * The last call that trapped was made again with the newest build.
   *
   * @param code of the trap
   * @param detail what the call ends with now, or why nobody knows
   * @param trap that still happens, if the user asked for it
   * @param difference the calls of host functions that differ, if the user asked for it
   */
  record TrapReplayed(
      String hook,
      String code,
      End end,
      String detail,
      @Nullable Trap trap,
      List<String> difference)
      implements DevEvent {
    /** What became of the trap. */
    enum End {
      GONE,
      STILL,
      UNKNOWN
    }

    public TrapReplayed {
      difference = List.copyOf(difference);
    }
  }

  /** Log lines were dropped, because they came faster than they could be shown. */
  record LogsDropped(long count) implements DevEvent {}

  /** The connection for log lines was made or lost. */
  record LogsConnected(boolean isConnected) implements DevEvent {}

  record Stopped(String message) implements DevEvent {}

  /**
   * The time between an edit and the new version being live, by step.
   *
   * @param debounce from the first event to the start of the attempt
   * @param build the compiler; zero when only the manifest changed
   * @param check reading, hashing and checking the module
   * @param upload the upload without the swap
   * @param swap the time of the swap, as the host reports it
   */
  record Timing(
      Duration debounce,
      boolean manifestOnly,
      Duration build,
      Duration check,
      Duration upload,
      Duration swap) {
    Duration total() {
      return debounce.plus(build).plus(check).plus(upload).plus(swap);
    }
  }
}
