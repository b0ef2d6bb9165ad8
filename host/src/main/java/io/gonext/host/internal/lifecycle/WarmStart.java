package io.gonext.host.internal.lifecycle;

import io.gonext.host.WarmUpProgress;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exercises the plugins of a host that starts, within one budget of time for all. A thread always
 * takes the plugin that has been exercised for the shortest time. Requests are served meanwhile.
 *
 * <p>Thread-safe. It begins once.
 */
final class WarmStart implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WarmStart.class);

  /** How long a plugin is exercised before it is another one's turn, if there is another one. */
  private static final long LONGEST_SLICE_NANOS = 50_000_000;

  private static final long SHORTEST_SLICE_NANOS = 1_000_000;

  /** In how many turns a plugin has its share of the time. */
  private static final int TURNS = 4;

  /** How long the JIT compiler must have had little to do, twice in a row. */
  private static final long CALM_NANOS = 500_000_000;

  /** A quarter of one processor is little. */
  private static final long CALM_SHARE = 4;

  private static final long LOOK_NANOS = 50_000_000;

  private static final Duration STOP = Duration.ofSeconds(5);
  private static final int NAMES_IN_LOG = 10;

  private final KeptInputs kept;
  private final MeterRegistry meters;
  private final WarmUp.Clocks clocks;
  private final List<Meter> own = new ArrayList<>();
  private final Counter calls;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger plugins = new AtomicInteger();
  private final AtomicInteger done = new AtomicInteger();

  /** Guarded by itself, as are the sums over all of {@link #tasks}. */
  private final PriorityQueue<Task> waiting =
      new PriorityQueue<>(Comparator.comparingLong(task -> task.spentNanos));

  private List<Task> tasks = List.of();
  private List<String> withoutInputs = List.of();
  private int working;
  private long beginNanos;
  private long endNanos;
  private long sliceNanos;
  private volatile boolean warming;
  private volatile boolean stopped;

  /** A plugin that serves and has not been exercised. */
  record Cold(PluginSlot slot, ActivePlugin version, Rehearsal rehearsal) {
    String name() {
      return slot.name();
    }

    private boolean serves() {
      return slot.serves(version);
    }
  }

  /** Of one thread at a time. */
  private static final class Task {
    private final Cold plugin;
    private @Nullable WarmUp warmUp;
    private int inputs;
    private long spentNanos;

    Task(Cold plugin) {
      this.plugin = plugin;
    }
  }

  WarmStart(KeptInputs kept, MeterRegistry meters, WarmUp.Clocks clocks) {
    this.kept = kept;
    this.meters = meters;
    this.clocks = clocks;
    calls =
        Counter.builder("gonext.warmup.calls")
            .description("Calls with which this host exercised the plugins that it started")
            .register(meters);
    own.add(calls);
    gauge("done", done::get);
    gauge("waiting", () -> plugins.get() - done.get());
  }

  private void gauge(String state, Supplier<Number> value) {
    own.add(
        Gauge.builder("gonext.warmup.plugins", value)
            .description("Plugins that this host started and has exercised, or still does")
            .tag("state", state)
            .register(meters));
  }

  /** How far it has come. */
  WarmUpProgress progress() {
    return new WarmUpProgress(warming, plugins.get(), done.get());
  }

  /**
   * Plans the exercise. There is nothing to do without a budget, or when no plugin has inputs.
   *
   * @param threadCount of the threads that call {@link #work}
   * @return whether there is something to do
   */
  boolean plan(List<Cold> cold, Duration budget, int threadCount) {
    Set<String> stored = kept.plugins();
    List<Task> planned = new ArrayList<>();
    List<String> without = new ArrayList<>();
    for (Cold plugin : cold) {
      if (!plugin.rehearsal.isWanted()) {
        continue;
      }
      if (stored.contains(plugin.name()) || !plugin.rehearsal.bundled().isEmpty()) {
        planned.add(new Task(plugin));
      } else {
        without.add(plugin.name());
      }
    }
    int left = budget.isZero() ? 0 : planned.size();
    done.set(cold.size() - left);
    plugins.set(cold.size());
    if (left == 0) {
      return false;
    }
    tasks = planned;
    withoutInputs = without;
    beginNanos = clocks.time().getAsLong();
    endNanos = beginNanos + budget.toNanos();
    sliceNanos =
        Math.clamp(
            budget.toNanos() / planned.size() * threadCount / TURNS,
            SHORTEST_SLICE_NANOS,
            LONGEST_SLICE_NANOS);
    working = threadCount;
    warming = true;
    synchronized (waiting) {
      waiting.addAll(planned);
    }
    return true;
  }

  /** Does what {@link #plan} planned, on threads of its own. */
  void begin(List<Cold> cold, Duration budget, int threadCount) {
    if (plan(cold, budget, threadCount)) {
      log.info("warming up: {} of {} plugins have inputs", tasks.size(), cold.size());
      for (int i = 0; i < threadCount; i++) {
        threads.add(Thread.ofPlatform().name("gonext-warm-" + i).daemon().unstarted(this::work));
      }
      threads.forEach(Thread::start);
    }
  }

  /**
   * Exercises plugins until there is none left, and the last thread waits for the JIT compiler; or
   * until the time is over.
   */
  void work() {
    try {
      for (Task task = next(); task != null; task = next()) {
        if (exercise(task)) {
          report(task);
          done.incrementAndGet();
        } else {
          synchronized (waiting) {
            waiting.add(task);
          }
        }
      }
    } finally {
      boolean last;
      synchronized (waiting) {
        working--;
        last = working == 0;
      }
      if (last) {
        try {
          awaitCalm();
        } finally {
          finish();
        }
      }
    }
  }

  private @Nullable Task next() {
    if (isOver()) {
      return null;
    }
    synchronized (waiting) {
      return waiting.poll();
    }
  }

  /**
   * Waits until the JIT compiler has little to do: what plugins need of the host itself, and the
   * requests that are served meanwhile, have been compiled, too.
   */
  private void awaitCalm() {
    int calm = 0;
    long began = clocks.time().getAsLong();
    long compiled = clocks.compiling().getAsLong();
    while (calm < 2 && !isOver()) {
      clocks.pause().accept(LOOK_NANOS);
      long nanos = clocks.time().getAsLong() - began;
      if (nanos >= CALM_NANOS) {
        long now = clocks.compiling().getAsLong();
        calm = (now - compiled) * CALM_SHARE < nanos ? calm + 1 : 0;
        compiled = now;
        began += nanos;
      }
    }
  }

  private boolean isOver() {
    return isStopped() || clocks.time().getAsLong() - endNanos >= 0;
  }

  private boolean isStopped() {
    return stopped || Thread.currentThread().isInterrupted();
  }

  /** Whether the plugin needs no more exercise. A failure of it is never one of the host. */
  private boolean exercise(Task task) {
    Cold plugin = task.plugin;
    long begin = clocks.time().getAsLong();
    boolean over;
    try {
      WarmUp warmUp = task.warmUp == null ? begun(task) : task.warmUp;
      long pause = begin + sliceNanos;
      warmUp.run(
          pause - endNanos > 0 ? endNanos : pause, endNanos, () -> isStopped() || !plugin.serves());
      over = warmUp.isOver() || !plugin.serves();
    } catch (RuntimeException | Error e) {
      if (isStopped()) {
        return false;
      }
      log.warn("{} cannot be exercised: {}", plugin.name(), e.getClass().getName());
      log.debug("{}", plugin.name(), e);
      failures(plugin.name()).increment();
      over = true;
    }
    task.spentNanos += clocks.time().getAsLong() - begin;
    return over;
  }

  private WarmUp begun(Task task) {
    PluginSlot slot = task.plugin.slot;
    kept.restore(slot);
    List<WarmUp.Input> inputs = task.plugin.rehearsal.inputs(slot.recentInputs());
    WarmUp warmUp = task.plugin.rehearsal.begin(inputs, clocks);
    task.inputs = inputs.size();
    task.warmUp = warmUp;
    return warmUp;
  }

  private void finish() {
    if (!stopped) {
      synchronized (waiting) {
        waiting.forEach(this::report);
        waiting.clear();
      }
      report();
    }
    done.set(plugins.get());
    warming = false;
  }

  private void report(Task task) {
    WarmUp warmUp = task.warmUp;
    if (warmUp == null) {
      return;
    }
    calls.increment((double) warmUp.calls());
    if (warmUp.failures() > 0) {
      failures(task.plugin.name()).increment((double) warmUp.failures());
      log.warn(
          "{}: {} of the {} inputs that it was exercised with failed; calls are not affected",
          task.plugin.name(),
          warmUp.failures(),
          task.inputs);
    }
  }

  private void report() {
    long made = 0;
    int inputs = 0;
    List<String> unsettled = new ArrayList<>();
    for (Task task : tasks) {
      WarmUp warmUp = task.warmUp;
      inputs += task.inputs;
      if (warmUp == null || !warmUp.isOver()) {
        unsettled.add(task.plugin.name());
      }
      if (warmUp != null) {
        made += warmUp.calls();
      }
    }
    log.info(
        "warm after {} ms: {} plugins were exercised with {} inputs in {} calls{}{}",
        (clocks.time().getAsLong() - beginNanos) / 1_000_000,
        tasks.size(),
        inputs,
        made,
        names("; not settled: ", unsettled),
        names("; without inputs: ", withoutInputs));
  }

  private static String names(String label, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    int more = names.size() - NAMES_IN_LOG;
    return label
        + names.stream().limit(NAMES_IN_LOG).collect(Collectors.joining(", "))
        + (more > 0 ? " and " + more + " more" : "");
  }

  private Counter failures(String plugin) {
    return Counter.builder("gonext.warmup.failures")
        .description("Inputs with which a plugin failed while it was exercised")
        .tag("plugin", plugin)
        .register(meters);
  }

  /** Ends it, within some seconds. */
  @Override
  public void close() {
    stopped = true;
    threads.forEach(Thread::interrupt);
    try {
      for (Thread thread : threads) {
        var _ = thread.join(STOP);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    own.forEach(meters::remove);
  }
}
