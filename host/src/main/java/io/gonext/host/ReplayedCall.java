package io.gonext.host;

import io.gonext.engine.HostTrace;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedResult;
import java.util.List;
import java.util.Optional;

/**
 * What became of one call in a replay.
 *
 * @param call what was recorded
 * @param result what the replay ended with
 * @param fuel the units that it used; 0 if they were not counted
 * @param nanos how long it ran, answers from the recording included
 * @param replayedEvents how many events of the recorded trace happened again
 * @param more calls of functions that only log, after all that was recorded
 * @param isAnswered whether all that the guest asked the host for was answered
 * @param divergence the first host call that differs
 * @param differences from the recorded call, a sentence each; empty if there are none
 */
public record ReplayedCall(
    RecordedCall call,
    RecordedResult result,
    long fuel,
    long nanos,
    int replayedEvents,
    List<HostTrace.Event> more,
    boolean isAnswered,
    Optional<Divergence> divergence,
    List<String> differences) {
  /**
   * Where the guest did otherwise than in the recording.
   *
   * @param at where the recorded call begins, as an index of the trace's events; the number of
   *     events if the guest made more calls than were recorded
   * @param actual the call of the guest, with the blocks that it gave; empty if it ended instead
   */
  public record Divergence(int at, List<HostTrace.Event> actual) {
    public Divergence {
      actual = List.copyOf(actual);
    }
  }

  /** Copies the list. */
  public ReplayedCall {
    more = List.copyOf(more);
    differences = List.copyOf(differences);
  }
}
