package io.gonext.host.internal.jobs;

import com.github.kagkarlsson.scheduler.Clock;
import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.serializer.Serializer;
import com.github.kagkarlsson.scheduler.task.AbstractTask;
import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.scheduler.task.ExecutionContext;
import com.github.kagkarlsson.scheduler.task.SchedulableInstance;
import com.github.kagkarlsson.scheduler.task.TaskInstance;
import io.gonext.host.JobPolicy;
import io.gonext.host.StoreException;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.log.PluginLogs;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.service.jobs.StoreClock;
import io.gonext.host.internal.store.CronStore;
import io.gonext.host.internal.store.JobRecords;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Claim;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Runs the jobs of the plugins that serve on this host. db-scheduler polls, claims, gives signs of
 * life and finds what other nodes left; each result is written under the version of the claim, so
 * that a node that was given up changes nothing.
 *
 * <p>Starts with the first plugin that may have jobs. Thread-safe.
 */
public final class JobRunner implements JobQueue.Runner, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(JobRunner.class);

  /**
   * Signs of life in the time after which a job is taken over: four are missed by the store's
   * clock, db-scheduler notices at the next look, which comes every second one, and four more are
   * missed by this process's own clock.
   */
  private static final int HEARTBEATS = 10;

  private static final int MISSED_HEARTBEATS = 4;

  /** The part of that time in which jobs may end when the host closes. */
  private static final int CLOSING = 6;

  /** Threads beside those for jobs, so that schedules go on while all of those are busy. */
  private static final int CRON_THREADS = 2;

  /** Less than this is how two looks at the clock differ. */
  private static final Duration WENT_BACK = Duration.ofMillis(500);

  private static final Duration SHOW = Duration.ofSeconds(15);
  private static final Duration PRUNE = Duration.ofMinutes(10);

  private final JobStore store;
  private final JobRecords records;
  private final JobPolicy policy;
  private final StoreClock clock;
  private final JobProbe probe;
  private final String node = UUID.randomUUID().toString().substring(0, 13);
  private final Lanes lanes;
  private final Claims claims;
  private final Attempts attempts;
  private final Ticks ticks;

  /** What the store's clock said last. */
  private final AtomicReference<Instant> latest = new AtomicReference<>(Instant.MIN);

  /** Of the housekeeping thread. */
  private final Silences silences;

  /** What was looked at last of each plugin. Of the polling thread. */
  private final Map<String, Seen> seen = new HashMap<>();

  /** One version of a plugin since one activation. */
  private record Seen(PluginSlot slot, String sha256) {}

  /** The plugins whose version has no jobs, while rows of an earlier one remain. As above. */
  private final Set<String> leftovers = new HashSet<>();

  /** Guarded by this, as is {@link #closed}. */
  private @Nullable Scheduler scheduler;

  private boolean closed;
  private volatile boolean closing;

  /**
   * @param parts what attempts work with
   */
  public JobRunner(JobQueue queue, Lifecycle lifecycle, Parts parts) {
    this.store = queue.store();
    this.records = store.records();
    this.policy = queue.policy();
    this.clock = queue.clock();
    this.probe = new JobProbe(parts.meters(), parts.hooks().series(), parts.telemetry());
    this.lanes = new Lanes(policy.threads());
    this.claims =
        new Claims(
            store,
            clock,
            lanes,
            () -> lifecycle.active().stream().filter(this::isPolled).toList(),
            lifecycle::active,
            policy.poll(),
            this::look,
            System::nanoTime);
    Results results = new Results(store, claims, lanes::running, () -> closing, System::nanoTime);
    this.attempts =
        new Attempts(queue, lifecycle, lanes, results, parts, probe, node, () -> closing);
    this.ticks = new Ticks(queue, lifecycle);
    this.silences = new Silences(heartbeat().multipliedBy(MISSED_HEARTBEATS), System::nanoTime);
  }

  /** The id of this run of the host, which its attempts at jobs have. */
  public String node() {
    return node;
  }

  /**
   * What jobs work with.
   *
   * @param actions runs the action of a durable event, and answers which of its handlers failed
   * @param random spreads retries
   */
  public record Parts(
      HookBus hooks,
      Actions actions,
      PluginLogs logs,
      MeterRegistry meters,
      OpenTelemetry telemetry,
      RandomGenerator random) {}

  /** Runs an action for a job. */
  @FunctionalInterface
  public interface Actions {
    ActionResult run(String plugin, String action, List<JsonNode> args) throws InterruptedException;
  }

  /** Starts to run jobs, if this host runs any, and does not already. */
  @Override
  public void start() {
    synchronized (this) {
      if (scheduler != null || closed || policy.threads() == 0) {
        return;
      }
      if (!store.isShared()) {
        store.forgetClaims();
      }
      scheduler = scheduler();
    }
  }

  /** Looks for jobs of a plugin that are due, at once. */
  @Override
  public void wake(String plugin) {
    lanes.heat(plugin);
    look();
  }

  /** Lets the polling thread look at once. */
  private void look() {
    Scheduler now;
    synchronized (this) {
      now = scheduler;
    }
    if (now != null) {
      now.triggerCheckForDueExecutions();
    }
  }

  private Scheduler scheduler() {
    Clock time = this::now;
    QuietThreads housekeepers = threads("gonext-job-care-", 1);
    Scheduler made =
        Scheduler.create(
                store.connections(),
                List.of(
                    new Work(JobStore.JOB, this::runJob), new Work(JobStore.CRON, this::runCron)))
            .tableName(JobStore.QUEUE)
            .schedulerName(new SchedulerName.Fixed(node))
            .clock(time)
            .threads(policy.threads() + CRON_THREADS)
            .executorService(workers())
            .dueExecutor(threads("gonext-job-poll-", 1))
            .housekeeperExecutor(housekeepers)
            .pollingInterval(policy.poll())
            // Lanes bound what is claimed. Jobs that just ended still count for db-scheduler.
            .pollUsingLockAndFetch(0.5, 3.0)
            .heartbeatInterval(heartbeat())
            .missedHeartbeatsLimit(MISSED_HEARTBEATS)
            .deleteUnresolvedAfter(Duration.ofDays(36_500))
            .serializer(new NoData())
            .enablePriority()
            .failureLogging(LogLevel.DEBUG, true)
            // When the host closes: before jobs are interrupted, and once more after it.
            .shutdownMaxWait(policy.takeOver().dividedBy(CLOSING))
            .jdbcCustomization(claims)
            .build();
    made.start();
    var _ =
        housekeepers.scheduleWithFixedDelay(
            () -> carefully("numbers of jobs", () -> probe.show(records.counts(), clock.fresh())),
            0,
            SHOW.toMillis(),
            TimeUnit.MILLISECONDS);
    var _ =
        housekeepers.scheduleWithFixedDelay(
            () ->
                carefully(
                    "old jobs",
                    () -> {
                      Instant now = clock.fresh();
                      records.prune(now.minus(policy.keepEnded()), now.minus(policy.keepDead()));
                    }),
            PRUNE.toMillis(),
            PRUNE.toMillis(),
            TimeUnit.MILLISECONDS);
    if (clock.mayStandStill()) {
      // db-scheduler waits for a time of the clock before it polls again.
      long poll = policy.poll().toMillis();
      var _ =
          housekeepers.scheduleWithFixedDelay(
              () -> carefully("a look", this::look), poll, poll, TimeUnit.MILLISECONDS);
    }
    return made;
  }

  /**
   * The store's time. db-scheduler waits until a time on this clock, so without the wake it would
   * not poll while a clock that went back catches up.
   */
  private Instant now() {
    Instant now = clock.now();
    Instant before = latest.getAndSet(now);
    if (now.plus(WENT_BACK).isBefore(before)) {
      look();
    }
    return now;
  }

  private Duration heartbeat() {
    return policy.takeOver().dividedBy(HEARTBEATS);
  }

  /** Does not throw: the executor would not call it again. */
  static void carefully(String what, Runnable work) {
    try {
      work.run();
    } catch (Throwable e) {
      say(what, e);
    }
  }

  private static void say(String what, Throwable failure) {
    try {
      log.debug("{}: {}", what, failure.toString());
    } catch (Throwable e) {
      // There is no memory left to say so.
    }
  }

  private QuietThreads threads(String name, int number) {
    return new QuietThreads(number, factory(name), this::look);
  }

  private ThreadPoolExecutor workers() {
    int number = policy.threads() + CRON_THREADS;
    ThreadPoolExecutor workers =
        new ThreadPoolExecutor(
            number,
            number,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            factory("gonext-job-"));
    workers.allowCoreThreadTimeOut(true);
    return workers;
  }

  /** Below the threads of requests, where the operating system makes a difference. */
  @SuppressWarnings("ThreadPriorityCheck") // A hint: nothing relies on it.
  private static ThreadFactory factory(String name) {
    return Thread.ofPlatform().daemon().name(name, 0).priority(Thread.MIN_PRIORITY).factory();
  }

  /**
   * Whether a plugin may have jobs or schedules. When its version is new here, this brings the
   * schedules of the manifest into the store. Only for the polling thread.
   */
  private boolean isPolled(PluginSlot slot) {
    String plugin = slot.name();
    boolean jobs = JobQueue.mayHaveJobs(slot.manifest());
    Seen now = new Seen(slot, slot.sha256());
    if (!now.equals(seen.get(plugin))) {
      if (jobs || store.hasRows(plugin)) {
        ticks.sync(slot.manifest());
      }
      leftovers.remove(plugin);
      if (!jobs && store.hasRows(plugin)) {
        leftovers.add(plugin);
      }
      seen.put(plugin, now);
    }
    return jobs || leftovers.contains(plugin);
  }

  private void runJob(Execution execution) {
    String id = execution.getId();
    try {
      JobStore.Stored job = claims.record(id).orElse(null);
      if (job == null) {
        log.warn("job {} has no record and is dropped", id);
        return;
      }
      attempts.run(claim(execution), job);
    } finally {
      claims.ended(List.of(id));
      if (lanes.isOpen()) {
        look();
      }
    }
  }

  private void runCron(Execution execution) {
    ticks.run(claim(execution), execution.getExecutionTime());
    wake(CronStore.pluginOf(execution.getId()));
  }

  private static Claim claim(Execution execution) {
    return new Claim(execution.getTaskName(), execution.getId(), execution.version);
  }

  /** A node gives no sign of life. */
  private void takeOver(Execution execution) {
    if (lanes.isRunning(execution.getId())) {
      // This host runs it: a clock has jumped.
      return;
    }
    if (store.isShared() && !silences.isLost(execution)) {
      return;
    }
    Instant now = clock.now();
    Instant seen = execution.lastHeartbeat == null ? now : execution.lastHeartbeat;
    String lost = execution.pickedBy == null ? "" : execution.pickedBy;
    if (store.takeOver(claim(execution), lost, seen, now)) {
      log.warn("took over {} {} of node {}", execution.getTaskName(), execution.getId(), lost);
      claims.lookAtAll();
    }
  }

  /** Stops to claim, and lets running jobs end, for some seconds; then they are cut off. */
  @Override
  public void close() {
    Scheduler last;
    synchronized (this) {
      closed = true;
      last = scheduler;
    }
    closing = true;
    if (last != null) {
      last.stop();
      for (Execution left : claims.left()) {
        carefully("a job", () -> store.putBack(claim(left), left.getExecutionTime()));
      }
    }
    probe.close();
  }

  /** A task of db-scheduler. It writes its results itself, under its claim. */
  private final class Work extends AbstractTask<Void> {
    private final Consumer<Execution> run;

    Work(String name, Consumer<Execution> run) {
      super(
          name,
          Void.class,
          (complete, operations) -> {
            // The claim stays until it is taken over: the store has failed, or the host has a bug.
            String task = complete.getExecution().getTaskName();
            String id = complete.getExecution().getId();
            Throwable why = complete.getCause().orElse(null);
            if (why instanceof StoreException) {
              log.warn("{} {} will run again: {}", task, id, why.getMessage());
            } else {
              log.warn("{} {} did not end in order and will run again", task, id, why);
            }
          },
          (complete, operations) -> takeOver(complete.getExecution()));
      this.run = run;
    }

    @Override
    public CompletionHandler<Void> execute(TaskInstance<Void> instance, ExecutionContext context) {
      run.accept(context.getExecution());
      return (complete, operations) -> {};
    }

    @Override
    public SchedulableInstance<Void> schedulableInstance(String id) {
      throw new UnsupportedOperationException("jobs are enqueued by JobStore");
    }

    @Override
    public SchedulableInstance<Void> schedulableInstance(String id, Void data) {
      throw new UnsupportedOperationException("jobs are enqueued by JobStore");
    }
  }

  /** Rows of the queue hold no data. */
  private static final class NoData implements Serializer {
    @Override
    public byte[] serialize(@Nullable Object data) {
      return new byte[0];
    }

    @Override
    @SuppressWarnings("NullAway") // db-scheduler's own serializers answer null for no data.
    public <T> T deserialize(Class<T> type, byte @Nullable [] data) {
      return null;
    }
  }
}
