package io.gonext.host.internal.hook;

import io.gonext.host.ChainFailedException;
import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.BatchFilterHandler.Together;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FailureListener;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.HookTurn;
import io.gonext.host.hook.PastFailure;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;

/**
 * Runs filters and actions through the handlers that are registered for them: lower priority first,
 * ties in order of registration. A handler that fails leaves the value as it found it, is named in
 * the result, logged and counted, and the chain goes on, unless the call says {@link
 * CallOptions#failClosed}. One deadline bounds a chain and one each handler.
 *
 * <p>Thread-safe. A chain runs on the handlers that were registered when it began. A hook that
 * nobody handles costs a look-up in a map.
 */
public final class HookBus {
  private final Logger log;
  private final MeterRegistry meters;

  /** Null where nobody listens, so that a turn costs no span. */
  private final @Nullable Tracer tracer;

  private final long chainNanos;
  private final long handlerNanos;
  private final LongSupplier nanoTime;

  /** Chains by hook name; a chain's list is replaced, never changed. */
  private final Map<String, List<Registration<FilterHandler>>> filters = new ConcurrentHashMap<>();

  private final Map<String, List<Registration<ActionHandler>>> actions = new ConcurrentHashMap<>();

  /** What the embedding application says that it calls. */
  private final Set<String> called = ConcurrentHashMap.newKeySet();

  /** By plugin; never removed, so that a count only goes up. */
  private final Map<String, FailedTurns> failures = new ConcurrentHashMap<>();

  /**
   * @param telemetry where spans go; {@link OpenTelemetry#noop} for nowhere
   * @param chainLimit the time all handlers of one call have together
   * @param handlerLimit the most of it that one handler has
   */
  public HookBus(
      MeterRegistry meters,
      OpenTelemetry telemetry,
      Duration chainLimit,
      Duration handlerLimit,
      LongSupplier nanoTime) {
    this(
        LoggerFactory.getLogger(HookBus.class),
        meters,
        telemetry,
        chainLimit,
        handlerLimit,
        nanoTime);
  }

  HookBus(
      Logger log,
      MeterRegistry meters,
      OpenTelemetry telemetry,
      Duration chainLimit,
      Duration handlerLimit,
      LongSupplier nanoTime) {
    this.log = log;
    this.meters = meters;
    this.tracer =
        telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host");
    this.chainNanos = chainLimit.toNanos();
    this.handlerNanos = handlerLimit.toNanos();
    this.nanoTime = nanoTime;
  }

  /** Adds a plugin's filter; it takes part in chains that begin from now on. */
  public void addFilter(String plugin, String hook, int priority, FilterHandler handler) {
    add(filters, new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /** Adds a plugin's action; it takes part in chains that begin from now on. */
  public void addAction(String plugin, String hook, int priority, ActionHandler handler) {
    add(actions, new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /**
   * Adds a filter of the embedding application, which gets copies of objects and arrays. It stays,
   * also when a plugin of that name goes.
   */
  public void addOwnFilter(String owner, String hook, int priority, FilterHandler handler) {
    add(
        filters,
        new Registration<>(
            owner, false, hook, priority, OwnHandlers.withCopies(handler), probe(owner, hook)));
  }

  /** Adds an action of the embedding application; see {@link #addOwnFilter}. */
  public void addOwnAction(String owner, String hook, int priority, ActionHandler handler) {
    add(
        actions,
        new Registration<>(
            owner, false, hook, priority, OwnHandlers.withCopies(handler), probe(owner, hook)));
  }

  /**
   * Adds a filter in the place of what the plugin has there: a chain meets the one or the other.
   */
  public void putFilter(String plugin, String hook, int priority, FilterHandler handler) {
    put(filters, new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /** As {@link #putFilter}, for an action. */
  public void putAction(String plugin, String hook, int priority, ActionHandler handler) {
    put(actions, new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /** Takes out all that a plugin registered. */
  public void removeAll(String plugin) {
    filters.keySet().forEach(hook -> remove(filters, plugin, hook));
    actions.keySet().forEach(hook -> remove(actions, plugin, hook));
  }

  /** Takes out the filters that a plugin registered for one hook. */
  public void removeFilter(String plugin, String hook) {
    remove(filters, plugin, hook);
  }

  /** Takes out the actions that a plugin registered for one hook. */
  public void removeAction(String plugin, String hook) {
    remove(actions, plugin, hook);
  }

  /** Says that the embedding application calls these hooks, whoever handles them. */
  public void addCalled(Set<String> names) {
    called.addAll(names);
  }

  /**
   * The hooks that the embedding application has said it calls, and those that someone handles.
   *
   * @param butOf a plugin whose own handlers do not count; empty for none
   */
  public Set<String> known(String butOf) {
    Set<String> known = new HashSet<>(called);
    addHandled(filters, butOf, known);
    addHandled(actions, butOf, known);
    return known;
  }

  private static <H> void addHandled(
      Map<String, List<Registration<H>>> chains, String butOf, Set<String> known) {
    chains.forEach((hook, chain) -> {
      if (!without(chain, butOf).isEmpty()) {
        known.add(hook);
      }
    });
  }

  /** What times and traces a handler, also for one that is no part of a chain. */
  public HandlerProbe probe(String plugin, String hook) {
    return new HandlerProbe(meters, tracer, nanoTime, plugin, hook, failuresOf(plugin));
  }

  /** A turn that begins now, for a handler that is not part of a chain. */
  public HookTurn turn() {
    return new HookTurn(nanoTime, nanoTime.getAsLong(), handlerNanos);
  }

  /** How many turns of a plugin's handlers, routes among them, have ended otherwise than OK. */
  public long failedTurns(String plugin) {
    return failuresOf(plugin).count();
  }

  /**
   * Tells a listener of each turn of a plugin's handlers, routes among them, that ends otherwise
   * than OK, whatever version serves.
   *
   * @return ends that
   */
  public Runnable listen(String plugin, FailureListener listener) {
    return failuresOf(plugin).listen(listener);
  }

  /** The last turns of a plugin that did not end as OK, the newest first. */
  public List<PastFailure> lastFailures(String plugin) {
    FailedTurns failed = failures.get(plugin);
    return failed == null ? List.of() : failed.last();
  }

  /** Drops the last failures of a plugin that is uninstalled: the next of its name has none yet. */
  public void forget(String plugin) {
    FailedTurns failed = failures.get(plugin);
    if (failed != null) {
      failed.forget();
    }
  }

  private FailedTurns failuresOf(String plugin) {
    return failures.computeIfAbsent(plugin, name -> new FailedTurns(InstantSource.system()));
  }

  /** Runs a value through the filters of a hook. A hook without handlers returns it unchanged. */
  public FilterResult applyFilters(String hook, JsonNode value, List<JsonNode> args)
      throws InterruptedException {
    return applyFilters(CallOptions.DEFAULT, hook, value, args);
  }

  /**
   * As {@link #applyFilters(String, JsonNode, List)}, with options.
   *
   * @throws ChainFailedException when a handler failed and the options say so
   */
  public FilterResult applyFilters(
      CallOptions options, String hook, JsonNode value, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<FilterHandler>> handlers = filters.get(hook);
    if (handlers == null) {
      return new FilterResult(value, List.of());
    }
    Chain chain = new Chain(options);
    JsonNode current = value;
    for (Registration<FilterHandler> registration : handlers) {
      HookTurn turn = chain.turn();
      JsonNode before = current;
      current =
          chain.run(registration, turn, before, t -> registration.handler.filter(before, args, t));
      if (turn.isStopped()) {
        break;
      }
    }
    return new FilterResult(current, chain.degraded);
  }

  /**
   * Runs many values through the filters of a hook, each as if it came alone, under one deadline.
   * Handlers that can take many at once are given them so.
   *
   * @throws ChainFailedException when a handler failed and the options say so
   */
  public BatchResult applyFiltersBatch(
      CallOptions options, String hook, List<JsonNode> values, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<FilterHandler>> handlers = filters.get(hook);
    if (handlers == null) {
      return new BatchResult(values, List.of());
    }
    Chain chain = new Chain(options);
    Batch batch = new Batch(chain, values, args);
    for (Registration<FilterHandler> registration : handlers) {
      batch.run(registration);
    }
    return new BatchResult(batch.values, chain.degraded);
  }

  /** Tells the actions of a hook. */
  public ActionResult doAction(String hook, List<JsonNode> args) throws InterruptedException {
    return doAction(CallOptions.DEFAULT, hook, args);
  }

  /**
   * As {@link #doAction(String, List)}, with options.
   *
   * @throws ChainFailedException when a handler failed and the options say so; those before it were
   *     told
   */
  public ActionResult doAction(CallOptions options, String hook, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<ActionHandler>> handlers = actions.getOrDefault(hook, List.of());
    Chain chain = new Chain(options);
    for (Registration<ActionHandler> registration : handlers) {
      chain.run(
          registration,
          chain.turn(),
          Boolean.TRUE,
          turn -> {
            registration.handler.act(args, turn);
            return Boolean.TRUE;
          });
    }
    return new ActionResult(handlers.size(), chain.degraded);
  }

  private static <H> void add(
      Map<String, List<Registration<H>>> chains, Registration<H> registration) {
    chains.compute(
        registration.hook, (hook, chain) -> with(chain == null ? List.of() : chain, registration));
  }

  private static <H> void put(
      Map<String, List<Registration<H>>> chains, Registration<H> registration) {
    chains.compute(
        registration.hook,
        (hook, chain) ->
            with(chain == null ? List.of() : without(chain, registration.plugin), registration));
  }

  private static <H> void remove(
      Map<String, List<Registration<H>>> chains, String plugin, String hook) {
    chains.computeIfPresent(
        hook,
        (name, chain) -> {
          List<Registration<H>> shorter = without(chain, plugin);
          return shorter.isEmpty() ? null : shorter;
        });
  }

  private static <H> List<Registration<H>> with(
      List<Registration<H>> chain, Registration<H> added) {
    List<Registration<H>> longer = new ArrayList<>(chain);
    int at = 0;
    while (at < longer.size() && longer.get(at).priority <= added.priority) {
      at++;
    }
    longer.add(at, added);
    return List.copyOf(longer);
  }

  private static <H> List<Registration<H>> without(List<Registration<H>> chain, String plugin) {
    return chain.stream()
        .filter(registration -> !registration.ofPlugin || !registration.plugin.equals(plugin))
        .toList();
  }

  /**
   * One handler of one hook.
   *
   * @param plugin whose it is
   * @param ofPlugin whether it goes with the plugin of that name; false for the application's
   */
  private record Registration<H>(
      String plugin, boolean ofPlugin, String hook, int priority, H handler, HandlerProbe probe) {}

  /** One chain under way; belongs to the thread that runs it. */
  private final class Chain {
    private final boolean failClosed;
    private final long deadlineNanos;
    private List<Degradation> degraded = List.of();

    /** When the next turn begins, while that is known without another look at the clock. */
    private long nowNanos;

    private boolean isNow = true;

    Chain(CallOptions options) {
      this.failClosed = options.failClosed();
      // Saturates, where a Duration's own conversion would throw.
      long asked = TimeUnit.NANOSECONDS.convert(options.limit());
      this.nowNanos = nanoTime.getAsLong();
      this.deadlineNanos = nowNanos + Math.min(chainNanos, asked);
    }

    HookTurn turn() {
      if (!isNow) {
        nowNanos = nanoTime.getAsLong();
      }
      isNow = false;
      return new HookTurn(nanoTime, nowNanos, Math.min(handlerNanos, deadlineNanos - nowNanos));
    }

    /** What the handler makes of it, or {@code otherwise} where it fails. */
    <H, R> R run(
        Registration<H> registration, HookTurn turn, R otherwise, HandlerProbe.Work<R> work)
        throws InterruptedException {
      try {
        return watched(registration, turn, work);
      } catch (HookFailedException e) {
        turn.forgetStop();
        failed(registration, e);
        return otherwise;
      }
    }

    <H, R> R watched(Registration<H> registration, HookTurn turn, HandlerProbe.Work<R> work)
        throws HookFailedException, InterruptedException {
      if (turn.deadlineNanos() - turn.beganNanos() <= 0) {
        throw registration.probe.refused(
            HookOutcome.CHAIN_DEADLINE, "no time was left in the chain", turn);
      }
      return registration.probe.watch(turn, work);
    }

    void failed(Registration<?> registration, HookFailedException failure) {
      String plugin = registration.plugin;
      HookOutcome outcome = failure.outcome();
      String reason = failure.getMessage();
      boolean known =
          degraded.stream().anyMatch(d -> d.plugin().equals(plugin) && d.outcome() == outcome);
      // Of many values that fail alike, one is told. An open breaker was told of when it opened.
      log.atLevel(known || outcome == HookOutcome.BREAKER_OPEN ? Level.DEBUG : Level.WARN)
          .setCause(outcome == HookOutcome.EXCEPTION ? failure.getCause() : null)
          .log("plugin {} failed in hook {} ({}): {}", plugin, registration.hook, outcome, reason);
      if (failClosed) {
        throw new ChainFailedException(
            plugin, registration.hook, outcome, reason, failure.retryAfter(), failure);
      }
      if (!known) {
        if (degraded.isEmpty()) {
          degraded = new ArrayList<>();
        }
        degraded.add(new Degradation(plugin, outcome, reason));
      }
    }
  }

  /** Many values on their way through one chain; belongs to the thread that runs it. */
  private static final class Batch {
    private final Chain chain;
    private final List<JsonNode> args;
    private final List<JsonNode> values;

    /** Positions of the values that no handler has ended the chain for, ascending. */
    private List<Integer> going;

    Batch(Chain chain, List<JsonNode> values, List<JsonNode> args) {
      this.chain = chain;
      this.args = args;
      this.values = new ArrayList<>(values);
      this.going = new ArrayList<>(values.size());
      for (int i = 0; i < values.size(); i++) {
        going.add(i);
      }
    }

    void run(Registration<FilterHandler> registration) throws InterruptedException {
      if (going.isEmpty()) {
        return;
      }
      if (!(registration.handler instanceof BatchFilterHandler handler)
          || !together(registration, handler)) {
        oneByOne(registration);
      }
    }

    /** Whether the handler took the values together, whatever became of them. */
    private boolean together(Registration<FilterHandler> registration, BatchFilterHandler handler)
        throws InterruptedException {
      HookTurn turn = chain.turn();
      List<JsonNode> given = going.stream().map(values::get).toList();
      Optional<Together> taken = taken(handler, given);
      if (taken.isEmpty()) {
        return false;
      }
      try {
        List<JsonNode> made =
            chain.watched(
                registration,
                turn,
                t -> {
                  List<JsonNode> answer = taken.get().filter(t);
                  if (answer.size() != given.size()) {
                    throw new HookFailedException(
                        HookOutcome.BAD_ANSWER,
                        "it answered " + answer.size() + " values to " + given.size(),
                        null);
                  }
                  return answer;
                });
        List<Integer> still = new ArrayList<>(going.size());
        for (int i = 0; i < made.size(); i++) {
          values.set(going.get(i), made.get(i));
          if (!turn.isStopped(i)) {
            still.add(going.get(i));
          }
        }
        going = still;
      } catch (HookFailedException e) {
        chain.failed(registration, e);
      }
      return true;
    }

    /** A handler that cannot even take the values fails in its turn, as any other. */
    private Optional<Together> taken(BatchFilterHandler handler, List<JsonNode> given) {
      try {
        return handler.take(given, args);
      } catch (RuntimeException | StackOverflowError | AssertionError e) {
        return Optional.of(turn -> {
          throw e;
        });
      }
    }

    private void oneByOne(Registration<FilterHandler> registration) throws InterruptedException {
      List<Integer> still = new ArrayList<>(going.size());
      for (int at : going) {
        HookTurn turn = chain.turn();
        JsonNode before = values.get(at);
        values.set(
            at,
            chain.run(
                registration, turn, before, t -> registration.handler.filter(before, args, t)));
        if (!turn.isStopped()) {
          still.add(at);
        }
      }
      going = still;
    }
  }
}
