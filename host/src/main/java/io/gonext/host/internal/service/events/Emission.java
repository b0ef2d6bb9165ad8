package io.gonext.host.internal.service.events;

import io.gonext.host.PluginEvent;
import io.opentelemetry.api.trace.SpanContext;

/**
 * An event on its way.
 *
 * @param depth 1 if no event caused it, otherwise one more than the event that caused it
 * @param bytes of its data, as the guest wrote it
 * @param origin the span in which it was emitted
 */
record Emission(PluginEvent event, int depth, int bytes, SpanContext origin) {}
