package io.gonext.host.internal.calls;

import io.gonext.host.NotedCall;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call that is worth recording; {@link NotedCall} says what its parts are. */
public record EndedCall(
    String version,
    NotedCall.Why why,
    HookOutcome outcome,
    String reason,
    Times times,
    @Nullable String traceId,
    long recording,
    List<TurnFailure.Frame> backtrace) {
  /** Where its time went, in nanoseconds, and its fuel. */
  public record Times(long took, long queued, long guest, long host, long waited, long fuel) {}
}
