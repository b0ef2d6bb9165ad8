package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestInstance;
import io.gonext.host.HandlerActivity.BreakerState;
import io.gonext.host.NotedCall;
import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.RouteOutcome;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.abi.HookCodec;
import io.gonext.host.internal.abi.HookCodec.BatchPart;
import io.gonext.host.internal.abi.HookCodec.FilterAnswer;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.calls.HandlerCalls;
import io.gonext.host.internal.hook.CallNotes;
import io.gonext.host.internal.hook.CallSpan;
import io.gonext.host.internal.hook.ChainBatchFilter;
import io.gonext.host.internal.hook.HandlerProbe;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.hook.Tried;
import io.gonext.host.internal.hook.Turn;
import io.gonext.host.internal.route.RouteLimiter;
import io.gonext.host.internal.route.RouteTable;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.Hook;
import io.gonext.pool.PoolClosedException;
import io.gonext.pool.PoolSnapshot;
import io.gonext.pool.PoolStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The place of one plugin in service: hooks and routes lead here, and a call goes to the version
 * that serves at that moment. A swap moves one pointer. A call that reached a version just as it
 * was replaced, and found its pool shut, goes to the next one: it never ran on the old.
 *
 * <p>Calls are thread-safe. Changes are made by one thread at a time.
 */
public final class PluginSlot {
  private final String name;
  private final HookBus hooks;

  /** By name. They outlive a version, so that the next one can be exercised with their inputs. */
  private final Map<String, PluginHook> known = new ConcurrentHashMap<>();

  private final PluginHook route;
  private final HandlerProbe routeProbe;
  private final CallNotes recorder;

  /** Of its routes, all of which have one probe. */
  private final Map<Manifest.Route, HandlerCalls> routeCalls = new ConcurrentHashMap<>();

  private final RouteLimiter routeLimiter;

  /** What serves, or served last. */
  private volatile ActivePlugin version;

  /** From {@link #open} until {@link #close}. */
  private volatile boolean open;

  PluginSlot(ActivePlugin first, HookBus hooks, RouteLimiter routeLimiter) {
    this.name = first.manifest().name();
    this.hooks = hooks;
    this.version = first;
    this.route = hook(Manifest.routeHook(name));
    this.routeProbe = hooks.probe(name, route.name());
    this.recorder = hooks.recorder(name);
    this.routeLimiter = routeLimiter;
  }

  /** The plugin's. */
  public String name() {
    return name;
  }

  /** Of the version that serves, or served last. */
  public Manifest manifest() {
    return version.manifest();
  }

  /** The compiled module of the version that serves, or served last. */
  public CompiledModule module() {
    return version.module();
  }

  /** The numbers of the pool of the version that serves, or served last. */
  public PoolStats poolStats() {
    return version.poolStats();
  }

  /** The instances of the version that serves, or served last. */
  public PoolSnapshot snapshot() {
    return version.poolSnapshot();
  }

  /** The instances in which that version runs its jobs; empty if it has none. */
  public Optional<PoolSnapshot> jobSnapshot() {
    return Optional.ofNullable(version.jobPool()).map(JobPool::snapshot);
  }

  /** The state of the circuit breaker of one of its hooks or routes. */
  public BreakerState breakerState(String hookOrRoute) {
    return version.breakers().state(hookOrRoute);
  }

  /**
   * Tells what each call of the version that serves now wrote to of its instance's memory, in
   * bytes, in blocks of 4 KiB. For tools: it reads all of an instance's marks.
   */
  public void watchMemory(LongConsumer touchedBytes) {
    version.watchMemory(touchedBytes);
  }

  /**
   * Shows the instance of each call of the version that serves now, when the call has ended well
   * and before the instance is reset.
   *
   * @return ends that
   */
  public Runnable watchInstances(Consumer<GuestInstance> listener) {
    ActivePlugin watched = version;
    watched.watchInstances(listener);
    return () -> watched.watchInstances(null);
  }

  /** See {@link FuelUse#watch}. */
  public void watchFuel(LongConsumer units) {
    version.watchFuel(units);
  }

  /**
   * Serves a request for one of the plugin's routes. It has one turn and takes one place of the
   * rate limit, whichever versions it meets.
   *
   * @param client whose requests are counted together; empty for one that is not counted apart
   */
  public RouteOutcome serve(PluginRequest request, String client) throws InterruptedException {
    ActivePlugin version = serving();
    if (version == null) {
      return new RouteOutcome.NotFound();
    }
    RouteTable.Match match = version.match(request);
    if (match instanceof RouteTable.Found) {
      Duration wait = routeLimiter.take(client);
      if (!wait.isZero()) {
        return new RouteOutcome.RateLimited(name, wait);
      }
      try {
        return routeProbe.watch(
            hooks.turn(version.routeLimit()), turn -> serve(version, match, request, turn));
      } catch (HookFailedException e) {
        return new RouteOutcome.Failed(name, e.outcome(), e.getMessage(), e.retryAfter());
      }
    }
    return notServed(match);
  }

  /**
   * Serves one request that an operator makes. It takes no place of the rate limit.
   *
   * @throws IllegalArgumentException when no route takes it
   */
  public Tried tryServe(PluginRequest request) throws InterruptedException {
    ActivePlugin version = serving();
    if (version == null) {
      throw new UnknownPluginException(name);
    }
    RouteTable.Match match = version.match(request);
    if (!(match instanceof RouteTable.Found)) {
      throw new IllegalArgumentException(
          name + " has no route for " + request.method() + " " + request.path());
    }
    return Tried.of(
        hooks.turn(version.routeLimit()),
        turn -> routeProbe.watch(turn, t -> answer(serve(version, match, request, t))));
  }

  private PluginResponse answer(RouteOutcome outcome) throws HookFailedException {
    if (outcome instanceof RouteOutcome.Answered(PluginResponse response)) {
      return response;
    }
    throw new HookFailedException(
        HookOutcome.UNAVAILABLE, name + " was replaced or left service meanwhile", null);
  }

  private RouteOutcome serve(
      ActivePlugin first, RouteTable.Match firstMatch, PluginRequest request, Turn turn)
      throws HookFailedException, InterruptedException {
    ActivePlugin version = first;
    RouteTable.Match match = firstMatch;
    while (match instanceof RouteTable.Found found) {
      if (routeProbe.traces()) {
        describe(found.route());
      }
      turn.isOf(
          routeCalls.computeIfAbsent(
              found.route(), r -> recorder.handler(NotedCall.Kind.ROUTE, r.toString())));
      try {
        return new RouteOutcome.Answered(version.serve(route, found, request, turn));
      } catch (HookFailedException e) {
        ActivePlugin next = successorOf(version, e);
        if (next == null) {
          return new RouteOutcome.NotFound();
        }
        version = next;
        match = next.match(request);
      }
    }
    return notServed(match);
  }

  /** The span of the turn is about one of the plugin's routes, and not about the hook of all. */
  private void describe(Manifest.Route found) {
    CallSpan.of(name)
        .updateName("gonext.route " + found)
        .setAttribute("http.route", found.path())
        .setAttribute("http.request.method", found.method());
  }

  private static RouteOutcome notServed(RouteTable.Match match) {
    return match instanceof RouteTable.OtherMethods(SortedSet<String> allowed)
        ? new RouteOutcome.MethodNotAllowed(allowed)
        : new RouteOutcome.NotFound();
  }

  /** How many of the plugin's jobs may run at once on this host. */
  public int jobInstances() {
    ActivePlugin version = serving();
    JobPool jobs = version == null ? null : version.jobPool();
    return jobs == null ? 0 : jobs.stats().maxInstances();
  }

  /** Of the bundle of the version that serves, or served last. */
  public String sha256() {
    return version.sha256();
  }

  /** Writes the payload of a job for the version that is about to run it. */
  @FunctionalInterface
  public interface JobPayload {
    /**
     * The payload as UTF-8 JSON. Called again if that version leaves service before it runs.
     *
     * @param version for the record
     * @param timeout what the attempt has
     */
    byte[] of(String version, Duration timeout);
  }

  /** What an attempt at a job came to that did not fail. */
  public sealed interface JobReply {
    /** The guest answered. */
    record Answered(HookReply reply) implements JobReply {}

    /** The version that serves does not have the job. */
    record Unknown(Manifest manifest, String sha256) implements JobReply {}

    /** The plugin is not in service here. */
    record OutOfService() implements JobReply {}
  }

  /** Runs one attempt at a job by the version that serves. It ends on that version. */
  public JobReply run(String name, JobPayload payload)
      throws HookFailedException, InterruptedException {
    ActivePlugin version = serving();
    while (version != null) {
      JobPool.Job job = version.jobOf(name);
      if (job == null) {
        return new JobReply.Unknown(version.manifest(), version.sha256());
      }
      byte[] bytes = payload.of(version.manifest().version().toString(), job.timeout());
      try {
        return new JobReply.Answered(run(version, job, bytes));
      } catch (HookFailedException e) {
        ActivePlugin now = serving();
        if (now == version || !(e.getCause() instanceof PoolClosedException)) {
          throw e;
        }
        version = now;
      }
    }
    return new JobReply.OutOfService();
  }

  private HookReply run(ActivePlugin version, JobPool.Job job, byte[] payload)
      throws HookFailedException, InterruptedException {
    String jobName = job.hook().name();
    HandlerCalls calls = recorder.handler(NotedCall.Kind.JOB, jobName);
    Turn turn = hooks.turn(job.timeout());
    try {
      HookReply reply = version.run(job, payload, turn);
      if (reply instanceof HookReply.Failed failed) {
        recorder.failed(
            calls,
            turn,
            turn.tookNanos(),
            recorder.told(
                new HookFailedException(HookOutcome.STATUS, failed.meaning(), null),
                turn,
                jobName));
      } else {
        recorder.succeeded(calls, turn, turn.tookNanos());
      }
      return reply;
    } catch (HookFailedException e) {
      if (!(e.getCause() instanceof PoolClosedException)) {
        recorder.failed(calls, turn, turn.tookNanos(), recorder.told(e, turn, jobName));
      }
      throw e;
    }
  }

  /** What keeps its version from being called, or empty when nothing does. */
  Optional<String> trouble() {
    ActivePlugin version = serving();
    return version == null ? Optional.empty() : version.trouble();
  }

  Collection<PluginHook> hooks() {
    return known.values();
  }

  /** What its hooks were called with lately. */
  List<WarmUp.Input> recentInputs() {
    List<WarmUp.Input> inputs = new ArrayList<>();
    for (PluginHook hook : known.values()) {
      for (byte[] payload : hook.recent().snapshot()) {
        inputs.add(new WarmUp.Input(hook.utf8(), payload));
      }
    }
    return inputs;
  }

  /** Remembers what a hook was called with in an earlier run of the host. */
  void restore(String hookName, byte[] payload) {
    if (version.handles(hookName)) {
      hook(hookName).recent().restore(payload);
    }
  }

  /** Whether that version serves. */
  boolean serves(ActivePlugin one) {
    return serving() == one;
  }

  /** What serves, or served last. */
  ActivePlugin version() {
    return version;
  }

  /** Puts the first version in service. */
  void open() {
    Manifest manifest = version.manifest();
    open = true;
    manifest.filters().forEach(this::putFilter);
    manifest.actions().forEach(this::putAction);
  }

  /**
   * Replaces the version that serves. A hook that both versions declare in the same way keeps its
   * place in its chain. A chain that begins meanwhile runs each hook of the new version, or the old
   * version's hook in its place. For that, this registers added hooks, publishes the version, then
   * removes dropped hooks. A version ignores hooks that it does not declare.
   *
   * @return the old version, which gets no new calls
   */
  ActivePlugin swap(ActivePlugin next) {
    ActivePlugin old = version;
    List<Hook> oldFilters = old.manifest().filters();
    List<Hook> oldActions = old.manifest().actions();
    List<Hook> newFilters = next.manifest().filters();
    List<Hook> newActions = next.manifest().actions();
    newFilters.stream().filter(hook -> !oldFilters.contains(hook)).forEach(this::putFilter);
    newActions.stream().filter(hook -> !oldActions.contains(hook)).forEach(this::putAction);
    version = next;
    if (!next.manifest().warmUp()) {
      known.values().forEach(hook -> hook.recent().forget());
    }
    oldFilters.stream()
        .filter(hook -> !next.hasFilter(hook.name()))
        .forEach(hook -> hooks.removeFilter(name, hook.name()));
    oldActions.stream()
        .filter(hook -> !next.hasAction(hook.name()))
        .forEach(hook -> hooks.removeAction(name, hook.name()));
    return old;
  }

  /**
   * Takes the plugin out of service.
   *
   * @return the version that served, which gets no new calls
   */
  ActivePlugin close() {
    hooks.removeAll(name);
    open = false;
    return version;
  }

  private @Nullable ActivePlugin serving() {
    return open ? version : null;
  }

  private PluginHook hook(String hookName) {
    return known.computeIfAbsent(hookName, PluginHook::named);
  }

  private void putFilter(Hook declared) {
    PluginHook hook = hook(declared.name());
    hooks.putFilter(
        name,
        declared.name(),
        declared.priority(),
        declared.batch()
            ? new BatchFilter(hook)
            : (value, args, turn) -> filter(hook, value, args, turn));
  }

  private void putAction(Hook declared) {
    PluginHook hook = hook(declared.name());
    hooks.putAction(
        name, declared.name(), declared.priority(), (args, turn) -> act(hook, args, turn));
  }

  /** A filter of this plugin that takes many values at once. */
  private final class BatchFilter implements ChainBatchFilter {
    private final PluginHook hook;

    BatchFilter(PluginHook hook) {
      this.hook = hook;
    }

    @Override
    public JsonNode filter(JsonNode value, List<JsonNode> args, Turn turn)
        throws HookFailedException, InterruptedException {
      return PluginSlot.this.filter(hook, value, args, turn);
    }

    @Override
    public Optional<Taken> take(List<JsonNode> values, List<JsonNode> args) {
      ActivePlugin version = serving();
      ActivePlugin.Filter filter = version == null ? null : version.filterOf(hook.name());
      if (filter == null) {
        return Optional.of(turn -> values);
      }
      return filter.batch()
          ? HookCodec.batch(values, args)
              .map(parts -> turn -> filterAll(hook, values, args, parts, turn))
          : Optional.empty();
    }
  }

  private List<JsonNode> filterAll(
      PluginHook hook, List<JsonNode> values, List<JsonNode> args, List<BatchPart> parts, Turn turn)
      throws HookFailedException, InterruptedException {
    ActivePlugin version = serving();
    while (version != null) {
      ActivePlugin.Filter filter = version.filterOf(hook.name());
      if (filter == null) {
        return values;
      }
      try {
        List<FilterAnswer> answers =
            filter.batch()
                ? version.filterAll(filter, hook, values, parts, turn)
                : oneByOne(version, filter, hook, values, args, turn);
        for (int i = 0; i < answers.size(); i++) {
          if (answers.get(i).stop()) {
            turn.stop(i);
          }
        }
        return answers.stream().map(FilterAnswer::value).toList();
      } catch (HookFailedException e) {
        version = successorOf(version, e);
      }
    }
    return values;
  }

  /** By a version that took over from one that takes batches, and takes none itself. */
  private static List<FilterAnswer> oneByOne(
      ActivePlugin version,
      ActivePlugin.Filter filter,
      PluginHook hook,
      List<JsonNode> values,
      List<JsonNode> args,
      Turn turn)
      throws HookFailedException, InterruptedException {
    List<FilterAnswer> answers = new ArrayList<>(values.size());
    for (JsonNode value : values) {
      answers.add(version.filter(filter, hook, value, args, turn));
    }
    return answers;
  }

  private JsonNode filter(PluginHook hook, JsonNode value, List<JsonNode> args, Turn turn)
      throws HookFailedException, InterruptedException {
    ActivePlugin version = serving();
    while (version != null) {
      ActivePlugin.Filter filter = version.filterOf(hook.name());
      if (filter == null) {
        return value;
      }
      try {
        FilterAnswer answer = version.filter(filter, hook, value, args, turn);
        if (answer.stop()) {
          turn.stop();
        }
        return answer.value();
      } catch (HookFailedException e) {
        version = successorOf(version, e);
      }
    }
    return value;
  }

  private void act(PluginHook hook, List<JsonNode> args, Turn turn)
      throws HookFailedException, InterruptedException {
    ActivePlugin version = serving();
    while (version != null) {
      Breakers.Guard action = version.actionOf(hook.name());
      if (action == null) {
        return;
      }
      try {
        version.act(action, hook, args, turn);
        return;
      } catch (HookFailedException e) {
        version = successorOf(version, e);
      }
    }
  }

  /**
   * The version that replaced one whose pool is closed; null when the plugin is no longer in
   * service.
   */
  private @Nullable ActivePlugin successorOf(ActivePlugin version, HookFailedException failure)
      throws HookFailedException {
    ActivePlugin now = serving();
    if (now == version || !(failure.getCause() instanceof PoolClosedException)) {
      throw failure;
    }
    return now;
  }
}
