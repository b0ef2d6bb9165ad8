package io.gonext.host.hook;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Runs filters and actions through the handlers that are registered for them: lower priority first,
 * ties in order of registration. A handler that fails leaves the value as it found it, is named in
 * the result, logged and counted, and the chain goes on. One deadline bounds a chain; each handler
 * has what is left of it at most.
 *
 * <p>Thread-safe. A chain runs on the handlers that were registered when it began.
 */
public final class HookBus {
  private static final Logger log = LoggerFactory.getLogger(HookBus.class);

  /** The code of a handler whose turn came after the chain's deadline. */
  private static final String OUT_OF_TIME = "CHAIN_DEADLINE";

  private final MeterRegistry meters;
  private final Duration chainLimit;

  /** Chains by hook name; a chain's list is replaced, never changed. */
  private final Map<String, List<Registration<FilterHandler>>> filters = new ConcurrentHashMap<>();

  private final Map<String, List<Registration<ActionHandler>>> actions = new ConcurrentHashMap<>();

  /**
   * @param chainLimit the time all handlers of one call have together
   */
  public HookBus(MeterRegistry meters, Duration chainLimit) {
    this.meters = meters;
    this.chainLimit = chainLimit;
  }

  /** Adds a filter; it takes part in chains that begin from now on. */
  public void addFilter(String plugin, String hook, int priority, FilterHandler handler) {
    add(filters, new Registration<>(plugin, hook, priority, handler, meters));
  }

  /** Adds an action; it takes part in chains that begin from now on. */
  public void addAction(String plugin, String hook, int priority, ActionHandler handler) {
    add(actions, new Registration<>(plugin, hook, priority, handler, meters));
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

  /** Runs a value through the filters of a hook. A hook without handlers returns it unchanged. */
  public FilterResult applyFilters(String hook, JsonNode value, List<JsonNode> args)
      throws InterruptedException {
    List<Registration<FilterHandler>> chain = filters.get(hook);
    if (chain == null) {
      return new FilterResult(value, List.of());
    }
    Run run = new Run(System.nanoTime() + chainLimit.toNanos());
    JsonNode current = value;
    for (Registration<FilterHandler> registration : chain) {
      JsonNode before = current;
      current =
          run.call(registration, before, (handler, left) -> handler.filter(before, args, left));
    }
    return new FilterResult(current, run.degraded);
  }

  /** Tells the actions of a hook. */
  public ActionResult doAction(String hook, List<JsonNode> args) throws InterruptedException {
    List<Registration<ActionHandler>> chain = actions.getOrDefault(hook, List.of());
    Run run = new Run(System.nanoTime() + chainLimit.toNanos());
    for (Registration<ActionHandler> registration : chain) {
      run.call(
          registration,
          Boolean.TRUE,
          (handler, left) -> {
            handler.act(args, left);
            return Boolean.TRUE;
          });
    }
    return new ActionResult(chain.size(), run.degraded);
  }

  private static <H> void add(
      Map<String, List<Registration<H>>> chains, Registration<H> registration) {
    chains.merge(
        registration.hook,
        List.of(registration),
        (chain, added) -> {
          List<Registration<H>> longer = new ArrayList<>(chain);
          int at = 0;
          while (at < longer.size() && longer.get(at).priority <= registration.priority) {
            at++;
          }
          longer.add(at, registration);
          return List.copyOf(longer);
        });
  }

  private static <H> void remove(
      Map<String, List<Registration<H>>> chains, String plugin, String hook) {
    chains.computeIfPresent(
        hook,
        (name, chain) -> {
          List<Registration<H>> shorter =
              chain.stream().filter(registration -> !registration.plugin.equals(plugin)).toList();
          return shorter.isEmpty() ? null : shorter;
        });
  }

  @FunctionalInterface
  private interface Step<H, R> {
    R run(H handler, Duration left) throws HookFailedException, InterruptedException;
  }

  /** One chain under way; belongs to the thread that runs it. */
  private static final class Run {
    private final long deadlineNanos;
    private final List<Degradation> degraded = new ArrayList<>(0);

    Run(long deadlineNanos) {
      this.deadlineNanos = deadlineNanos;
    }

    <H, R> R call(Registration<H> registration, R otherwise, Step<H, R> step)
        throws InterruptedException {
      long begin = System.nanoTime();
      long left = deadlineNanos - begin;
      try {
        if (left <= 0) {
          throw new HookFailedException(OUT_OF_TIME, "no time was left in the chain", null);
        }
        R result = step.run(registration.handler, Duration.ofNanos(left));
        registration.succeeded.record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
        return result;
      } catch (HookFailedException e) {
        registration.timer(e.code()).record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
        log.warn(
            "plugin {} failed in hook {} ({}): {}",
            registration.plugin,
            registration.hook,
            e.code(),
            e.getMessage());
        degraded.add(new Degradation(registration.plugin, e.code(), e.getMessage()));
        return otherwise;
      }
    }
  }

  private static final class Registration<H> {
    final String plugin;
    final String hook;
    final int priority;
    final H handler;
    final Timer succeeded;
    private final MeterRegistry meters;

    Registration(String plugin, String hook, int priority, H handler, MeterRegistry meters) {
      this.plugin = plugin;
      this.hook = hook;
      this.priority = priority;
      this.handler = handler;
      this.meters = meters;
      this.succeeded = timer("OK");
    }

    Timer timer(String outcome) {
      return Timer.builder("gonext.plugin.hook")
          .description("Time in one handler of a hook, by outcome")
          .tag("plugin", plugin)
          .tag("hook", hook)
          .tag("outcome", outcome)
          .register(meters);
    }
  }
}
