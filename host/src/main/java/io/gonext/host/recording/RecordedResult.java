package io.gonext.host.recording;

import java.util.List;

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
   * @param backtrace the guest's functions, innermost first, each with its line or offset
   */
  record Trap(String code, String text, List<String> backtrace) implements RecordedResult {
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
