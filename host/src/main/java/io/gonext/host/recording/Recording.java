package io.gonext.host.recording;

import io.gonext.engine.HostTrace;
import io.gonext.engine.InstanceState;
import io.gonext.host.RecordingException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What one lease of an instance did: everything that it takes to make the same calls again on
 * another machine, with the plugin's module.
 *
 * <p>Immutable.
 *
 * @param plugin the plugin's name
 * @param version its version
 * @param moduleSha256 of its module, lower-case hex
 * @param on what it was made with
 * @param at when the first call ended
 * @param reason why it was kept: the outcome of a call that failed, {@code SLOW}, or {@code OK}
 * @param memoryPages the most memory that the instance could have, in pages of 64 KiB
 * @param start what host functions did while the instance started
 * @param state what earlier calls had left behind in the instance; empty if that could not be
 *     recorded
 * @param calls at least one; several are those of one batch
 */
public record Recording(
    String plugin,
    String version,
    String moduleSha256,
    RecordedOn on,
    Instant at,
    String reason,
    int memoryPages,
    HostTrace start,
    Optional<InstanceState> state,
    List<RecordedCall> calls) {
  /** The largest file that is read, in bytes. */
  public static final int MAX_FILE_BYTES = 32 * 1024 * 1024;

  /** Copies the list. */
  public Recording {
    calls = List.copyOf(calls);
  }

  /** Whether all that the instance saw is recorded. */
  public boolean isComplete() {
    return start.isComplete()
        && state.isPresent()
        && calls.stream().allMatch(call -> call.trace().isComplete());
  }

  /** Its file: JSON in UTF-8, as docs/replay.md describes it. */
  public byte[] file() {
    return RecordingFormat.write(this);
  }

  /**
   * Reads a file of a stranger.
   *
   * @throws RecordingException when it is not the file of a recording that this version reads
   */
  public static Recording parse(byte[] file) {
    return RecordingFormat.read(file);
  }
}
