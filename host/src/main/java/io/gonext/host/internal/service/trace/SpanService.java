package io.gonext.host.internal.service.trace;

import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.hook.CallSpan;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * {@code gn_span_event}: a plugin adds an event to the span of its call. Does nothing where the
 * host has no telemetry, where the call is not sampled, and outside of a call.
 */
public final class SpanService implements HostService {
  static final int MAX_NAME_BYTES = 256;
  static final int MAX_ATTRIBUTES_BYTES = 8 * 1024;

  /** In one call of a hook or route. */
  static final int MAX_EVENTS = 32;

  private final boolean telemetry;

  /**
   * @param telemetry {@link OpenTelemetry#noop} for a service that does nothing
   */
  public SpanService(OpenTelemetry telemetry) {
    this.telemetry = !telemetry.equals(OpenTelemetry.noop());
  }

  /** How many events a call has added. Used by the thread that runs the guest. */
  private static final class Events {
    private int added;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    String plugin = scope.manifest().name();
    Object key = new Object();
    return Map.of(
        new ImportKey("env", "gn_span_event"),
        Body.answering(
            telemetry && scope.mode().hasEffects()
                ? arguments -> add(CallSpan.of(plugin), key, arguments)
                : arguments -> HostAnswer.Done.DONE));
  }

  private static HostAnswer add(Span span, Object key, GuestArguments arguments) {
    String name = arguments.text(0, MAX_NAME_BYTES);
    if (name.isEmpty()) {
      return refused("the event has no name");
    }
    Attributes attributes = Attributes.empty();
    if (arguments.number(3) > 0) {
      byte[] utf8 = arguments.bytes(2, MAX_ATTRIBUTES_BYTES);
      try {
        JsonNode json = StrictJson.parse(utf8);
        String problem = EventAttributes.problem(json);
        if (problem != null) {
          return refused(problem);
        }
        attributes = EventAttributes.of(json);
      } catch (InvalidJsonException e) {
        return refused("the attributes are not JSON: " + e.getMessage());
      }
    }
    Events events = arguments.once(key, Events::new);
    if (events.added == MAX_EVENTS) {
      return new HostAnswer.Explained(
          Refused.QUOTA, "a call adds at most " + MAX_EVENTS + " events to its span");
    }
    events.added++;
    span.addEvent(name, attributes);
    return HostAnswer.Done.DONE;
  }

  private static HostAnswer refused(@Nullable String why) {
    return new HostAnswer.Explained(Refused.BAD_ARGUMENTS, String.valueOf(why));
  }
}
