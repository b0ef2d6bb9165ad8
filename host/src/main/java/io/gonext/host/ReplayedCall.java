package io.gonext.host;

import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedResult;
import java.util.List;

/**
 * What became of one call in a replay.
 *
 * @param call what was recorded
 * @param result what the replay ended with
 * @param fuel the units that it used; 0 if they were not counted
 * @param nanos how long it ran, answers from the recording included
 * @param differences from the recorded call, a sentence each; empty if there are none
 */
public record ReplayedCall(
    RecordedCall call, RecordedResult result, long fuel, long nanos, List<String> differences) {
  /** Copies the list. */
  public ReplayedCall {
    differences = List.copyOf(differences);
  }
}
