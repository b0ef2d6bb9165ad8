package io.gonext.host.internal.abi;

import io.gonext.engine.GuestTrap;
import io.gonext.engine.TrapState;
import io.gonext.host.recording.RecordedResult;
import java.util.Optional;

/** How calls end, as recordings have it. */
public final class CallResults {
  private CallResults() {}

  /** The result of a call that returned. */
  public static RecordedResult of(HookReply reply) {
    return switch (reply) {
      case HookReply.Done _ -> new RecordedResult.Done();
      case HookReply.Failed(int status) -> new RecordedResult.Status(status);
      case HookReply.Body(byte[] bytes) -> new RecordedResult.Answer(bytes);
    };
  }

  /**
   * The result of a call that trapped.
   *
   * @param state of its instance
   */
  public static RecordedResult.Trap of(GuestTrap trap, TrapState state) {
    return new RecordedResult.Trap(
        trap.trapCause().code(), trap.trapCause().describe(), trap.backtrace(), Optional.of(state));
  }
}
