package io.gonext.cli.kit;

import io.gonext.cli.output.TrapText;
import io.gonext.host.HostCalls;
import io.gonext.host.ReplayedCall;
import io.gonext.host.recording.RecordedOn;
import io.gonext.host.recording.RecordedResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Replayed calls for people.
 *
 * @param all whether to show every call of a host function
 * @param isOne whether only one recording is replayed: then a trap is shown with more
 * @param project the author's project, if it is at hand
 */
record ReplayText(boolean all, boolean isOne, @Nullable Path project) {
  /** What a trap's recording keeps at hand: the calls before it. */
  private static final int LAST_CALLS = 50;

  /** What the recording was made with. */
  static List<String> madeWith(RecordedOn on) {
    List<String> parts =
        Stream.concat(
                Stream.of("gonext " + on.host(), on.java(), on.system(), on.architecture()),
                on.tools().stream())
            .filter(part -> !part.isBlank())
            .toList();
    return List.of("  recorded by " + String.join(", ", parts));
  }

  List<String> lines(ReplayedCall call) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "  "
            + (call.call().isJob() ? "job " : "hook ")
            + call.call().name()
            + ": "
            + (call.result() instanceof RecordedResult.Trap trap
                ? "the trap " + trap.code()
                : call.result())
            + ", "
            + call.fuel()
            + " units of fuel");
    if (all) {
      HostCalls.lines(call.call().trace()).forEach(line -> lines.add("    " + line));
    }
    if (call.result() instanceof RecordedResult.Trap trap) {
      TrapText.message(trap).forEach(line -> lines.add("    " + line));
      TrapText.where(trap, project).forEach(line -> lines.add("    " + line));
      if (isOne && !all) {
        calls(call).forEach(line -> lines.add("    " + line));
      }
      if (isOne || all) {
        trap.state()
            .ifPresent(state -> TrapText.state(state).forEach(line -> lines.add("    " + line)));
      }
    }
    call.differences().forEach(difference -> lines.add("  different: " + difference));
    call.divergence()
        .ifPresent(where ->
            HostCalls.difference(call.call().trace(), where.at(), where.actual())
                .forEach(line -> lines.add("    " + line)));
    return lines;
  }

  private static List<String> calls(ReplayedCall call) {
    List<String> last = HostCalls.last(call.call().trace(), LAST_CALLS);
    if (last.isEmpty()) {
      return List.of("it called no host function before");
    }
    List<String> lines = new ArrayList<>();
    lines.add(
        last.size() == 1
            ? "the last call of a host function:"
            : "the last " + last.size() + " calls of host functions:");
    last.forEach(line -> lines.add("  " + line));
    return lines;
  }
}
