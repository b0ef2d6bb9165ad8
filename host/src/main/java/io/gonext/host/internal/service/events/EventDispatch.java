package io.gonext.host.internal.service.events;

import io.gonext.host.PluginEvent;
import io.gonext.host.PluginEventListener;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.log.OncePerMinute;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers events: to the actions of other plugins, and to the listeners of the application. Each
 * plugin has a {@link Lane} to the actions and one to each listener, so a receiver that hangs
 * delays only what that plugin sends to it.
 *
 * <p>Thread-safe. Never runs a receiver on the thread of {@link #deliver}.
 */
public final class EventDispatch implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EventDispatch.class);

  private static final long CLOSE_SECONDS = 5;

  /** The depth of the event that is delivered on this thread. */
  private static final ScopedValue<Integer> DEPTH = ScopedValue.newInstance();

  private final HookBus hooks;
  private final List<PluginEventListener> listeners;
  private final MeterRegistry meters;

  /** Null without telemetry. */
  private final @Nullable Tracer tracer;

  private final ExecutorService threads;
  private final OncePerMinute dropLog;
  private final OncePerMinute failureLog;

  /** By plugin: to the actions, and to each listener. */
  private final Map<String, List<Lane>> lanes = new ConcurrentHashMap<>();

  private final AtomicLong waiting = new AtomicLong();

  /**
   * @param threads runs the receivers; closed with this
   */
  public EventDispatch(
      HookBus hooks,
      List<PluginEventListener> listeners,
      MeterRegistry meters,
      OpenTelemetry telemetry,
      ExecutorService threads,
      LongSupplier nanoTime) {
    this.hooks = hooks;
    this.listeners = List.copyOf(listeners);
    this.meters = meters;
    this.tracer =
        telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host");
    this.threads = threads;
    this.dropLog = new OncePerMinute(nanoTime);
    this.failureLog = new OncePerMinute(nanoTime);
  }

  /** The depth of an event that is emitted on this thread. */
  static int nextDepth() {
    return DEPTH.orElse(0) + 1;
  }

  /** Queues an event for its receivers. */
  void deliver(Emission emission) {
    String plugin = emission.event().plugin();
    count(plugin, EventOutcome.EMITTED);
    for (Lane lane : lanes.computeIfAbsent(plugin, _ -> lanes())) {
      waiting.incrementAndGet();
      if (!lane.offer(emission)) {
        waiting.decrementAndGet();
        dropped(emission.event());
      }
    }
  }

  private List<Lane> lanes() {
    List<Lane> made = new ArrayList<>();
    made.add(new Lane(threads, emission -> receive(emission, this::act)));
    for (PluginEventListener listener : listeners) {
      made.add(new Lane(threads, emission -> receive(emission, event -> tell(listener, event))));
    }
    return made;
  }

  @FunctionalInterface
  private interface Receiver {
    void receive(PluginEvent event) throws InterruptedException;
  }

  /** Does not throw, so that the lane goes on. */
  private void receive(Emission emission, Receiver receiver) {
    try {
      var _ =
          ScopedValue.where(DEPTH, emission.depth())
              .call(() -> {
                traced(emission, receiver);
                return Boolean.TRUE;
              });
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Throwable e) {
      failed(emission.event(), e);
    } finally {
      waiting.decrementAndGet();
    }
  }

  private void traced(Emission emission, Receiver receiver) throws InterruptedException {
    if (tracer == null) {
      receiver.receive(emission.event());
      return;
    }
    Span span =
        tracer
            .spanBuilder("gonext.event " + emission.event().hook())
            .setSpanKind(SpanKind.CONSUMER)
            .setParent(Context.root().with(Span.wrap(emission.origin())))
            .setAttribute("gonext.plugin", emission.event().plugin())
            .setAttribute("gonext.event.depth", (long) emission.depth())
            .startSpan();
    try (Scope _ = span.makeCurrent()) {
      receiver.receive(emission.event());
    } finally {
      span.end();
    }
  }

  private void act(PluginEvent event) throws InterruptedException {
    var _ = hooks.doActionOfOthers(event.plugin(), event.hook(), List.of(event.data()));
  }

  private void tell(PluginEventListener listener, PluginEvent event) throws InterruptedException {
    try {
      listener.happened(
          new PluginEvent(
              event.plugin(), event.version(), event.name(), event.data().deepCopy(), event.at()));
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      failed(event, e);
    }
  }

  private void failed(PluginEvent event, Throwable cause) {
    count(event.plugin(), EventOutcome.FAILED);
    OptionalLong before = failureLog.next();
    if (before.isPresent()) {
      log.warn(
          "a receiver of the event {} failed; {} failures before it were not logged",
          event.hook(),
          before.getAsLong(),
          cause);
    }
  }

  private void dropped(PluginEvent event) {
    count(event.plugin(), EventOutcome.DROPPED);
    OptionalLong before = dropLog.next();
    if (before.isPresent()) {
      log.warn(
          "the event {} was dropped: {} events of {}, or {} bytes, wait for one of its receivers;"
              + " {} dropped before it were not logged",
          event.hook(),
          Lane.MAX_WAITING,
          event.plugin(),
          Lane.MAX_WAITING_BYTES,
          before.getAsLong());
    }
  }

  /**
   * Delivers an event that was stored, to all its receivers, on this thread.
   *
   * @param depth how many events caused it, with itself
   * @return which of them failed
   */
  public ActionResult deliverStored(PluginEvent event, int depth) throws InterruptedException {
    return ScopedValue.where(DEPTH, depth).call(() -> receivedByAll(event));
  }

  private ActionResult receivedByAll(PluginEvent event) throws InterruptedException {
    ActionResult actions =
        hooks.doActionOfOthers(event.plugin(), event.hook(), List.of(event.data()));
    List<Degradation> failed = new ArrayList<>(actions.degraded());
    for (PluginEventListener listener : listeners) {
      try {
        listener.happened(
            new PluginEvent(
                event.plugin(),
                event.version(),
                event.name(),
                event.data().deepCopy(),
                event.at()));
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        failed(event, e);
        failed.add(
            new Degradation(
                "the application",
                HookOutcome.EXCEPTION,
                "a listener failed; the host's log has the cause"));
      }
    }
    return new ActionResult(actions.handlers() + listeners.size(), failed);
  }

  void count(String plugin, EventOutcome outcome) {
    Counter.builder("gonext.plugin.events")
        .description("Events of plugins, by what became of them")
        .tag("plugin", plugin)
        .tag("outcome", outcome.label())
        .register(meters)
        .increment();
  }

  /** Forgets a plugin that was uninstalled. Its events that wait are delivered. */
  void forget(String plugin) {
    lanes.remove(plugin);
  }

  /** Interrupts the receivers, and drops what waits. */
  @Override
  public void close() {
    threads.shutdownNow();
    try {
      var _ = threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long lost = waiting.get();
    if (lost > 0) {
      log.info("{} events were not delivered before the host closed", lost);
    }
  }
}
