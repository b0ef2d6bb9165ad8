package io.gonext.cli.dev;

import io.gonext.host.hook.TurnFailure;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/** What the loop tells its user, in the order in which it happens. */
sealed interface DevEvent {
  /** The project's language and the tool that builds it. */
  record Detected(Language language, String tool) implements DevEvent {}

  /** Where the host is, where that is worth saying. */
  record HostReady(String message) implements DevEvent {}

  record BuildStarted(Language language, Command command) implements DevEvent {}

  /** A line of the compiler's, as it is. */
  record BuildOutput(String line) implements DevEvent {}

  record Built(String path, long bytes, Duration took) implements DevEvent {}

  /** The build was ended because of an edit. */
  record BuildCancelled() implements DevEvent {}

  record Capabilities(CapabilityDifference difference) implements DevEvent {}

  /** Something about the plugin that will not work as it may expect. */
  record Warning(String message) implements DevEvent {}

  /**
   * The host has taken the plugin.
   *
   * @param number how many versions went live, this one included
   * @param isConfirmed whether the host says that it serves exactly these bytes
   * @param isRecovery whether the attempt before this one had failed
   */
  record Live(
      int number,
      Artifact artifact,
      UploadAnswer answer,
      boolean isConfirmed,
      boolean isRecovery,
      Timing timing)
      implements DevEvent {
    /** Whether the host had the very same already. */
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
   * @param outside what is watched outside the project, relative to it
   */
  record Watching(String project, List<String> outside, String how) implements DevEvent {
    public Watching {
      outside = List.copyOf(outside);
    }
  }

  /** The content of these files is another one now. */
  record Changed(List<String> paths) implements DevEvent {}

  /** Something was saved that changes nothing. */
  record Skipped(String path) implements DevEvent {}

  /**
   * An attempt failed.
   *
   * @param step {@code build}, {@code check} or {@code upload}
   * @param serving the number of the version that still serves, 0 for none
   */
  record Failed(String step, DevFailure failure, Duration took, int serving) implements DevEvent {}

  /** A line that the plugin has logged. */
  record Log(String level, String message) implements DevEvent {}

  /**
   * A call of the plugin that did not end well.
   *
   * @param code how it ended, {@code DEADLINE} for instance
   * @param message one line
   * @param backtrace the guest's functions that were running, innermost first; may be empty
   */
  record CallFailed(String hook, String code, String message, List<TurnFailure.Frame> backtrace)
      implements DevEvent {
    public CallFailed {
      backtrace = List.copyOf(backtrace);
    }
  }

  /** Log lines that came faster than they could be shown. */
  record LogsDropped(long count) implements DevEvent {}

  /** Whether log lines are to be had now. */
  record LogsConnected(boolean isConnected) implements DevEvent {}

  record Stopped(String message) implements DevEvent {}

  /**
   * Where the time went between an edit and its being live.
   *
   * @param debounce from the first event to the start of the attempt
   * @param build the compiler alone; zero where only the manifest changed
   * @param check reading, hashing and checking what was built
   * @param upload the upload without the swap
   * @param swap what the host says the change took
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
