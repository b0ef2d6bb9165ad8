package io.gonext.host.internal.hook;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;

/**
 * The span of a call into a plugin, which host functions of that plugin add to. The current span
 * may be another one: the application's, while a plugin starts inside one of its requests.
 *
 * @param plugin that is called
 */
public record CallSpan(String plugin, Span span) {
  private static final ContextKey<CallSpan> KEY = ContextKey.named("gonext.call");

  /** A context in which a span is current, and is the span of a call into a plugin. */
  public static Context context(String plugin, Span span) {
    return Context.current().with(span).with(KEY, new CallSpan(plugin, span));
  }

  /** The span of this thread's call into a plugin; one that records nothing if there is none. */
  public static Span of(String plugin) {
    CallSpan call = Context.current().get(KEY);
    return call != null && call.plugin.equals(plugin) ? call.span : Span.getInvalid();
  }
}
