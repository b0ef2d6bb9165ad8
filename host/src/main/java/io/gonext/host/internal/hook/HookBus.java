package io.gonext.host.internal.hook;

import io.gonext.host.ChainFailedException;
import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.BatchResult;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.FailureListener;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.internal.calls.CallBook;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Runs filters and actions through the handlers that are registered for them: lower priority first,
 * ties in order of registration. A handler that fails leaves the value unchanged. It is logged,
 * counted and named in the result, and the chain continues, unless the call says {@link
 * CallOptions#failClosed}. A chain has a deadline, and each handler has one.
 *
 * <p>Thread-safe. A chain runs on the handlers that were registered when it began. A hook without
 * handlers costs one look-up in a map.
 */
public final class HookBus {
  private static final Duration[] CALL_BUCKETS = {
    Duration.ofNanos(50_000),
    Duration.ofNanos(100_000),
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2_500),
    Duration.ofSeconds(10)
  };

  private final MeterRegistry meters;

  /** Null without telemetry, so that a turn does not create a span. */
  private final @Nullable Tracer tracer;

  private final Chain.Rules rules;

  private final Registrations<ChainFilter> filters = new Registrations<>();

  private final Registrations<ChainAction> actions = new Registrations<>();

  /** What the embedding application says that it calls. */
  private final Set<String> called = ConcurrentHashMap.newKeySet();

  private final SeriesBudget series = new SeriesBudget();

  /** By plugin, until it is uninstalled. */
  private final Map<String, Timer> times = new ConcurrentHashMap<>();

  /** By plugin; never removed, so that a count only goes up. */
  private final Map<String, FailedTurns> failures = new ConcurrentHashMap<>();

  private final CallBook calls;

  /**
   * @param telemetry where spans go; {@link OpenTelemetry#noop} for nowhere
   * @param chainLimit the time all handlers of one call have together
   * @param handlerLimit the most of it that a handler of the application has
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
    this.meters = meters;
    this.calls = new CallBook(nanoTime, InstantSource.system());
    this.tracer =
        telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host");
    this.rules = new Chain.Rules(log, nanoTime, chainLimit.toNanos(), handlerLimit.toNanos());
  }

  /** Adds a plugin's filter; it takes part in chains that begin from now on. */
  public void addFilter(String plugin, String hook, int priority, ChainFilter handler) {
    filters.add(new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /** Adds a plugin's action; it takes part in chains that begin from now on. */
  public void addAction(String plugin, String hook, int priority, ChainAction handler) {
    actions.add(new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /**
   * Adds a filter of the embedding application, which gets copies of objects and arrays. It stays,
   * also when a plugin of that name goes.
   */
  public void addOwnFilter(String owner, String hook, int priority, FilterHandler handler) {
    filters.add(
        new Registration<>(
            owner, false, hook, priority, OwnHandlers.withCopies(handler), probe(owner, hook)));
  }

  /** Adds an action of the embedding application; see {@link #addOwnFilter}. */
  public void addOwnAction(String owner, String hook, int priority, ActionHandler handler) {
    actions.add(
        new Registration<>(
            owner, false, hook, priority, OwnHandlers.withCopies(handler), probe(owner, hook)));
  }

  /** Replaces the plugin's filter of that hook; a chain runs either the old or the new one. */
  public void putFilter(String plugin, String hook, int priority, ChainFilter handler) {
    filters.put(new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /** As {@link #putFilter}, for an action. */
  public void putAction(String plugin, String hook, int priority, ChainAction handler) {
    actions.put(new Registration<>(plugin, true, hook, priority, handler, probe(plugin, hook)));
  }

  /** Removes all handlers of a plugin. */
  public void removeAll(String plugin) {
    filters.removeAll(plugin);
    actions.removeAll(plugin);
  }

  /** Takes out the filters that a plugin registered for one hook. */
  public void removeFilter(String plugin, String hook) {
    filters.remove(plugin, hook);
  }

  /** Takes out the actions that a plugin registered for one hook. */
  public void removeAction(String plugin, String hook) {
    actions.remove(plugin, hook);
  }

  /** Declares that the embedding application calls these hooks. */
  public void addCalled(Set<String> names) {
    called.addAll(names);
  }

  /**
   * The hooks that the embedding application declared, and those that have a handler.
   *
   * @param butOf a plugin whose own handlers do not count; empty for none
   */
  public Set<String> known(String butOf) {
    Set<String> known = new HashSet<>(called);
    filters.addHooksTo(known, butOf);
    actions.addHooksTo(known, butOf);
    return known;
  }

  /** Times and traces a handler, also one that is not part of a chain. */
  public HandlerProbe probe(String plugin, String hook) {
    return new HandlerProbe(
        meters,
        series,
        tracer,
        rules.nanoTime(),
        plugin,
        hook,
        failuresOf(plugin),
        recorder(plugin),
        times.computeIfAbsent(plugin, this::timesOf));
  }

  private Timer timesOf(String plugin) {
    return Timer.builder("gonext.plugin.call")
        .description("Time of calls that ran, of all hooks and routes of a plugin together")
        .serviceLevelObjectives(CALL_BUCKETS)
        .tag("plugin", plugin)
        .register(meters);
  }

  /** Removes the histograms of calls, which have gauges in some registries. */
  public void close() {
    times.values().forEach(meters::remove);
    times.clear();
  }

  /** What bounds the series of metrics that plugins cause. */
  public SeriesBudget series() {
    return series;
  }

  /** Counts and records the turns of a plugin's handlers. */
  public CallNotes recorder(String plugin) {
    return new CallNotes(plugin, calls.of(plugin));
  }

  /** The turns of all handlers. */
  public CallBook calls() {
    return calls;
  }

  /** A turn that begins now, for a handler that is not part of a chain. */
  public Turn turn(Duration limit) {
    return rules.turn(limit);
  }

  /** Counts a failed job among the plugin's failed turns, and tells the listeners. */
  public void failed(TurnFailure failure) {
    failuresOf(failure.plugin()).add(failure);
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

  /**
   * Drops the last failures and the calls of a plugin that is uninstalled, because the next plugin
   * of its name has none yet.
   */
  public void forget(String plugin) {
    series.forget(plugin);
    times.remove(plugin);
    FailedTurns failed = failures.get(plugin);
    if (failed != null) {
      failed.forget();
    }
    calls.forget(plugin);
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
    List<Registration<ChainFilter>> handlers = filters.of(hook);
    if (handlers == null) {
      return new FilterResult(value, List.of());
    }
    Chain chain = new Chain(rules, options);
    JsonNode current = value;
    for (Registration<ChainFilter> registration : handlers) {
      Turn turn = chain.turn(registration);
      JsonNode before = current;
      current =
          chain.run(
              registration, turn, before, t -> registration.handler().filter(before, args, t));
      if (turn.isStopped()) {
        break;
      }
    }
    return new FilterResult(current, chain.degraded());
  }

  /**
   * Runs many values through the filters of a hook under one deadline, each as if it came alone. A
   * handler that can take many values gets them in one call.
   *
   * @throws ChainFailedException when a handler failed and the options say so
   */
  public BatchResult applyFiltersBatch(
      CallOptions options, String hook, List<JsonNode> values, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<ChainFilter>> handlers = filters.of(hook);
    if (handlers == null) {
      return new BatchResult(values, List.of());
    }
    Chain chain = new Chain(rules, options);
    Batch batch = new Batch(chain, values, args);
    for (Registration<ChainFilter> registration : handlers) {
      batch.run(registration);
    }
    return new BatchResult(batch.values(), chain.degraded());
  }

  /** Runs the actions of a hook. */
  public ActionResult doAction(String hook, List<JsonNode> args) throws InterruptedException {
    return doAction(CallOptions.DEFAULT, hook, args);
  }

  /**
   * As {@link #doAction(String, List)}, with options.
   *
   * @throws ChainFailedException when a handler failed and the options say so; the handlers before
   *     it have run
   */
  public ActionResult doAction(CallOptions options, String hook, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<ChainAction>> handlers = actions.of(hook);
    return handlers == null ? new ActionResult(0, List.of()) : doAction(options, handlers, args);
  }

  /** Runs the actions of a hook, but not those of the plugin that caused it. */
  public ActionResult doActionOfOthers(String plugin, String hook, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<ChainAction>> handlers = actions.of(hook);
    return handlers == null
        ? new ActionResult(0, List.of())
        : doAction(
            CallOptions.DEFAULT,
            handlers.stream()
                .filter(handler -> !(handler.ofPlugin() && handler.plugin().equals(plugin)))
                .toList(),
            args);
  }

  /**
   * Runs a value through the filters of one plugin alone.
   *
   * @throws IllegalArgumentException when it has none for that hook
   */
  public Tried tryFilter(String plugin, String hook, JsonNode value, List<JsonNode> args)
      throws InterruptedException {
    Registration<ChainFilter> registration = only(plugin, "filter", hook, filters.of(hook));
    Chain chain = new Chain(rules, CallOptions.DEFAULT);
    return Tried.of(
        chain.turn(registration),
        turn ->
            chain.watched(registration, turn, t -> registration.handler().filter(value, args, t)));
  }

  /** Runs the action of one plugin alone; see {@link #tryFilter}. */
  public Tried tryAction(String plugin, String hook, List<JsonNode> args)
      throws InterruptedException {
    Registration<ChainAction> registration = only(plugin, "action", hook, actions.of(hook));
    Chain chain = new Chain(rules, CallOptions.DEFAULT);
    return Tried.of(
        chain.turn(registration),
        turn ->
            chain.watched(
                registration,
                turn,
                t -> {
                  registration.handler().act(args, t);
                  return Boolean.TRUE;
                }));
  }

  private static <H> Registration<H> only(
      String plugin, String kind, String hook, @Nullable List<Registration<H>> handlers) {
    List<Registration<H>> registered = handlers == null ? List.of() : handlers;
    return registered.stream()
        .filter(handler -> handler.ofPlugin() && handler.plugin().equals(plugin))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(plugin + " has no " + kind + " " + hook));
  }

  private ActionResult doAction(
      CallOptions options, List<Registration<ChainAction>> handlers, List<JsonNode> args)
      throws InterruptedException {
    Chain chain = new Chain(rules, options);
    for (Registration<ChainAction> registration : handlers) {
      chain.run(
          registration,
          chain.turn(registration),
          Boolean.TRUE,
          turn -> {
            registration.handler().act(args, turn);
            return Boolean.TRUE;
          });
    }
    return new ActionResult(handlers.size(), chain.degraded());
  }
}
