package io.gonext.host.recording;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.TrapState;
import java.util.List;
import java.util.Optional;

/** What a recorded call ended with. */
public sealed interface RecordedResult {
  /** The guest had nothing to answer. */
  record Done() implements RecordedResult {
    @Override
    public String toString() {
      return "no answer";
    }
  }

  /** The guest answered with a negative status. */
  record Status(int status) implements RecordedResult {
    @Override
    public String toString() {
      return "status " + status;
    }
  }

  /**
   * The guest answered.
   *
   * @param bytes not to be changed
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Answer(byte[] bytes) implements RecordedResult {
    @Override
    public String toString() {
      return "an answer of " + bytes.length + " bytes";
    }
  }

  /**
   * The guest trapped.
   *
   * @param code as {@link io.gonext.engine.TrapCause#code()} says
   * @param text the cause in one sentence, without the backtrace
   * @param backtrace the guest's functions, innermost first; an index of -1 is not known
   * @param state what the memory was used for, and the globals; empty in a recording of version 1
   */
  record Trap(String code, String text, List<GuestFrame> backtrace, Optional<TrapState> state)
      implements RecordedResult {
    public Trap {
      backtrace = List.copyOf(backtrace);
    }

    @Override
    public String toString() {
      return "the trap "
          + code
          + ": "
          + text
          + (backtrace.isEmpty() ? "" : " in " + backtrace.getFirst());
    }
  }
}
