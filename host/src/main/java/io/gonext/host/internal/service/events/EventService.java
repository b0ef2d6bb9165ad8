package io.gonext.host.internal.service.events;

import io.gonext.engine.PlainText;
import io.gonext.host.PluginEvent;
import io.gonext.host.hook.HookName;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Done;
import io.gonext.host.internal.abi.HostAnswer.Explained;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.log.OncePerMinute;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.MinuteBudget;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.opentelemetry.api.trace.Span;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code gn_event_emit(name, data)}: other plugins get the event as the action {@code
 * event.<plugin>.<name>}, and so do the application's listeners, once the call that emitted it has
 * succeeded. The field {@code durable} of the data is not part of it: if it is true, the event goes
 * to {@link DurableEvents}.
 *
 * <p>Thread-safe.
 */
public final class EventService implements HostService {
  static final int MAX_DATA_BYTES = 64 * 1024;
  static final int PER_CALL = 64;
  static final int PER_MINUTE = 600;

  /** How many events may cause one another. */
  static final int MAX_DEPTH = 8;

  private final EventDispatch dispatch;
  private final DurableEvents durable;
  private final LongSupplier nanoTime;

  /** By plugin, so that an update does not refill them. */
  private final Map<String, MinuteBudget> budgets = new ConcurrentHashMap<>();

  /**
   * @param dispatch closed with this
   */
  public EventService(EventDispatch dispatch, DurableEvents durable, LongSupplier nanoTime) {
    this.dispatch = dispatch;
    this.durable = durable;
    this.nanoTime = nanoTime;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Emitter emitter = new Emitter(scope);
    return Map.of(new ImportKey("env", "gn_event_emit"), Body.answering(emitter::emit));
  }

  @Override
  public void forget(String plugin) {
    budgets.remove(plugin);
    dispatch.forget(plugin);
  }

  @Override
  public void close() {
    dispatch.close();
  }

  /** The events of one version of a plugin. */
  private final class Emitter {
    private final PluginScope scope;
    private final String plugin;
    private final String version;

    /** The most characters of a name, so that the hook's name is not too long. */
    private final int maxName;

    private final OncePerMinute refusals = new OncePerMinute(nanoTime);

    Emitter(PluginScope scope) {
      this.scope = scope;
      this.plugin = scope.manifest().name();
      this.version = scope.manifest().version().toString();
      this.maxName = HookName.MAX_LENGTH - PluginEvent.hookOf(plugin, "").length();
    }

    HostAnswer emit(GuestArguments arguments) {
      if (arguments.number(1) > maxName) {
        return badRequest("the name of an event has at most " + maxName + " characters");
      }
      String name = arguments.text(0, maxName);
      if (!HookName.isOne(PluginEvent.hookOf(plugin, name))) {
        return badRequest(
            "the event's name '"
                + PlainText.of(name)
                + "' is not dotted lower case, such as order.paid");
      }
      if (arguments.number(3) > MAX_DATA_BYTES) {
        return badRequest("the data of an event has at most " + MAX_DATA_BYTES + " bytes");
      }
      byte[] bytes = arguments.bytes(2, MAX_DATA_BYTES);
      JsonNode json;
      try {
        json = StrictJson.parse(bytes);
      } catch (InvalidJsonException e) {
        return badRequest("the data of an event is not JSON: " + e.getMessage());
      }
      if (!(json instanceof ObjectNode data)) {
        return badRequest("the data of an event is a JSON object");
      }
      JsonNode isDurable = data.remove("durable");
      if (isDurable != null && !isDurable.isBoolean()) {
        return badRequest("durable is true or false");
      }
      if (!scope.mode().hasEffects()) {
        return Done.DONE;
      }
      if (arguments.task().isEmpty()) {
        return badRequest(
            "an instance emits no events while it starts: emit them in on_activate or a handler");
      }
      int depth = EventDispatch.nextDepth();
      if (depth > MAX_DEPTH) {
        return refused(
            EventOutcome.TOO_DEEP,
            Refused.QUOTA,
            "%d events have caused one another, which is the most".formatted(MAX_DEPTH));
      }
      if (!mayEmit(arguments)) {
        return refused(
            EventOutcome.RATE_LIMITED,
            Refused.RATE_LIMITED,
            "a plugin emits at most %d events in a call and %d in a minute"
                .formatted(PER_CALL, PER_MINUTE));
      }
      PluginEvent event = new PluginEvent(plugin, version, name, data, scope.clock().instant());
      if (isDurable != null && isDurable.booleanValue()) {
        return stored(event, depth);
      }
      Emission emission = new Emission(event, depth, bytes.length, Span.current().getSpanContext());
      arguments.afterSuccess(() -> dispatch.deliver(emission));
      return Done.DONE;
    }

    private HostAnswer stored(PluginEvent event, int depth) {
      HostAnswer answer = durable.store(event, depth);
      if (answer instanceof Done) {
        dispatch.count(plugin, EventOutcome.STORED);
      }
      return answer;
    }

    private boolean mayEmit(GuestArguments arguments) {
      return arguments.once(this, AtomicInteger::new).incrementAndGet() <= PER_CALL
          && budgets.computeIfAbsent(plugin, _ -> new MinuteBudget(PER_MINUTE, nanoTime)).tryTake();
    }

    private HostAnswer badRequest(String message) {
      return refused(EventOutcome.BAD_REQUEST, Refused.BAD_ARGUMENTS, message);
    }

    /** A guest can cause this at each call, so its log has one a minute. */
    private HostAnswer refused(EventOutcome outcome, Refused refused, String message) {
      if (scope.mode().hasEffects()) {
        dispatch.count(plugin, outcome);
        refusals
            .next()
            .ifPresent(before ->
                scope
                    .log()
                    .write(
                        Level.WARN,
                        "gn_event_emit: %s (%d refusals before it were not logged)"
                            .formatted(message, before)));
      }
      return new Explained(refused, message);
    }
  }
}
