package io.gonext.host.internal.hook;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.PlainText;
import io.gonext.host.NotedCall;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.internal.calls.EndedCall;
import io.gonext.host.internal.calls.HandlerCalls;
import io.gonext.host.internal.calls.PluginCalls;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.util.List;

/**
 * Counts the turns of one plugin's handlers, and records those that were slow, late or failed.
 *
 * <p>Thread-safe.
 */
public final class CallNotes {
  private final String plugin;
  private final PluginCalls calls;

  CallNotes(String plugin, PluginCalls calls) {
    this.plugin = plugin;
    this.calls = calls;
  }

  /** The calls of one handler of the plugin. */
  public HandlerCalls handler(NotedCall.Kind kind, String name) {
    return calls.of(new NotedCall.Handler(kind, name));
  }

  /** A turn ended well. */
  public void succeeded(HandlerCalls handler, Turn turn, long tookNanos) {
    if (handler.succeeded(tookNanos) || turn.isLate()) {
      record(
          handler,
          turn,
          tookNanos,
          turn.isLate() ? NotedCall.Why.LATE : NotedCall.Why.SLOW,
          new TurnFailure(plugin, turn.version(), "", HookOutcome.OK, "", List.of()));
    }
  }

  /** A turn did not end well. */
  public void failed(HandlerCalls handler, Turn turn, long tookNanos, TurnFailure failure) {
    handler.failed(failure.outcome(), tookNanos);
    if (failure.outcome() != HookOutcome.BREAKER_OPEN) {
      // Those would be the only ones left, and do not say why it opened.
      record(handler, turn, tookNanos, NotedCall.Why.FAILED, failure);
    }
  }

  private void record(
      HandlerCalls handler, Turn turn, long tookNanos, NotedCall.Why why, TurnFailure failure) {
    if (!calls.takes(why)) {
      return;
    }
    SpanContext span = Span.current().getSpanContext();
    calls.record(
        handler.handler(),
        new EndedCall(
            turn.version(),
            why,
            failure.outcome(),
            failure.reason(),
            turn.times(tookNanos),
            span.isValid() ? span.getTraceId() : null,
            turn.recording(),
            failure.backtrace()));
  }

  /** A failure as listeners and records get it. */
  public TurnFailure told(HookFailedException failure, Turn turn, String hook) {
    return told(failure, plugin, turn.version(), hook);
  }

  /** A failure as people get it: what a guest says is one plain line, without its backtrace. */
  public static TurnFailure told(
      HookFailedException failure, String plugin, String version, String hook) {
    return failure.getCause() instanceof GuestTrap trap
        ? new TurnFailure(
            plugin,
            version,
            hook,
            failure.outcome(),
            PlainText.of(trap.trapCause().describe()),
            trap.backtrace().stream().map(CallNotes::frame).toList())
        : new TurnFailure(
            plugin, version, hook, failure.outcome(), failure.getMessage(), List.of());
  }

  private static TurnFailure.Frame frame(GuestFrame frame) {
    return new TurnFailure.Frame(
        frame.name(),
        frame.codeOffset(),
        frame.source() == null ? null : frame.source().toString());
  }
}
