package io.gonext.host.internal.hook;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;

/**
 * The span of a call into a plugin, which host functions of that plugin add to. The current span
 * may be another one: the application's, while a plugin starts inside one of its requests.
 *
 * @param plugin that is called
 */
public record CallSpan(String plugin, Span span) {
  private static final ContextKey<CallSpan> KEY = ContextKey.named("gonext.call");

  /** Makes a span current, and the span of this thread's call into a plugin, until it is closed. */
  static Scope enter(String plugin, Span span) {
    return Context.current().with(span).with(KEY, new CallSpan(plugin, span)).makeCurrent();
  }

  /** The span of this thread's call into a plugin; one that records nothing if there is none. */
  public static Span of(String plugin) {
    CallSpan call = Context.current().get(KEY);
    return call != null && call.plugin.equals(plugin) ? call.span : Span.getInvalid();
  }
}
