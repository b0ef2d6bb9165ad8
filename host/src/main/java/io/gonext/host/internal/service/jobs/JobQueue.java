package io.gonext.host.internal.service.jobs;

import io.gonext.host.JobPolicy;
import io.gonext.host.UnknownJobException;
import io.gonext.host.internal.service.jobs.JobRequest.InvalidException;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Enqueued;
import io.gonext.host.internal.store.JobStore.Kind;
import io.gonext.host.internal.store.JobStore.NewJob;
import io.gonext.host.internal.store.JobStore.QueueFullException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Where jobs are enqueued: by guests, operators, schedules and other services. What runs them is
 * told at once.
 *
 * <p>Thread-safe. A job exists once the transaction that enqueued it is committed.
 */
public final class JobQueue {
  private final JobStore store;
  private volatile JobPolicy policy;
  private final StoreClock clock;
  private volatile Runner runner = Runner.NONE;

  /** What runs jobs on this host. */
  public interface Runner {
    Runner NONE =
        new Runner() {
          @Override
          public void start() {}

          @Override
          public void wake(String plugin) {}
        };

    /** There may be jobs for this host from now on. */
    void start();

    /** Jobs of a plugin may be due. */
    void wake(String plugin);
  }

  public JobQueue(JobStore store, JobPolicy policy, StoreClock clock) {
    this.store = store;
    this.policy = policy;
    this.clock = clock;
  }

  /** Names what runs the jobs. */
  public void runBy(Runner newRunner) {
    runner = newRunner;
  }

  public JobStore store() {
    return store;
  }

  public JobPolicy policy() {
    return policy;
  }

  /** Sets other bounds for each plugin; see {@link JobPolicy#withBounds}. */
  public void changeBounds(int perMinute, int waiting) {
    policy = policy.withBounds(perMinute, waiting);
  }

  public StoreClock clock() {
    return clock;
  }

  /** Called when a version of a plugin is about to serve on this host. */
  void willServe(Manifest manifest) {
    if (mayHaveJobs(manifest) || store.hasRows(manifest.name())) {
      runner.start();
    }
  }

  /** Whether jobs of a plugin may appear while it serves. */
  public static boolean mayHaveJobs(Manifest manifest) {
    return !manifest.jobs().isEmpty()
        || manifest.requests("cron.register")
        || manifest.requests("events.emit");
  }

  /**
   * Enqueues a job of a plugin.
   *
   * @throws InvalidException when the request is not acceptable
   * @throws UnknownJobException when the manifest does not name the job
   * @throws QueueFullException when too many jobs of the plugin wait
   */
  public Enqueued enqueue(Manifest manifest, JobRequest request)
      throws InvalidException, QueueFullException {
    Instant now = clock.fresh();
    Enqueued enqueued =
        store
            .enqueue(
                manifest.name(), List.of(job("", manifest, request, now)), policy.waiting(), now)
            .getFirst();
    runner.wake(manifest.name());
    return enqueued;
  }

  /**
   * As {@link #enqueue(Manifest, JobRequest)}, under an id: to enqueue it again changes nothing.
   *
   * @throws InvalidException when the request is not acceptable
   * @throws QueueFullException when too many jobs of the plugin wait
   */
  void enqueue(String id, Manifest manifest, JobRequest request)
      throws InvalidException, QueueFullException {
    Instant now = clock.fresh();
    var _ =
        store.enqueue(
            manifest.name(), List.of(job(id, manifest, request, now)), policy.waiting(), now);
    runner.wake(manifest.name());
  }

  /**
   * Enqueues jobs of a plugin in a transaction of the caller's, which has the rights of the store's
   * user. Call {@link #committed} once it is committed.
   *
   * @throws InvalidException when a request is not acceptable; the caller rolls back, as after all
   *     exceptions
   */
  public List<Enqueued> enqueue(
      Connection transaction, Manifest manifest, List<JobRequest> requests)
      throws SQLException, InvalidException, QueueFullException {
    Instant now = clock.now();
    List<NewJob> jobs = new ArrayList<>();
    for (JobRequest request : requests) {
      jobs.add(job("", manifest, request, now));
    }
    return store.enqueue(transaction, manifest.name(), jobs, policy.waiting(), now);
  }

  /** Jobs of a plugin may be due since a transaction of someone else is committed. */
  public void committed(String plugin) {
    runner.wake(plugin);
  }

  /**
   * Enqueues the run of an action, whose handlers are called at least once: again while one of them
   * fails, a few times at most.
   *
   * @param plugin on whose behalf; the action runs on hosts where this plugin serves
   * @throws QueueFullException when too many jobs of the plugin wait
   */
  public void enqueueAction(String plugin, String action, JsonNode argument)
      throws QueueFullException {
    Instant now = clock.fresh();
    byte[] args = StrictJson.write(JsonNodeFactory.instance.arrayNode().add(argument));
    var _ =
        store.enqueue(
            plugin,
            List.of(new NewJob("", action, Kind.ACTION, args, "", 0, now, false, trace())),
            policy.waiting(),
            now);
    runner.start();
    runner.wake(plugin);
  }

  /**
   * @param id empty for one that the store makes
   */
  private NewJob job(String id, Manifest manifest, JobRequest request, Instant now)
      throws InvalidException {
    Optional<Manifest.Job> declared = manifest.job(request.job());
    if (declared.isEmpty()) {
      throw new UnknownJobException(
          "%s has no job %s; it has %s"
              .formatted(
                  manifest.id(),
                  request.job(),
                  manifest.jobs().stream().map(Manifest.Job::name).toList()));
    }
    return new NewJob(
        id,
        request.job(),
        Kind.GUEST,
        request.args(),
        request.idempotencyKey().isEmpty() ? id : request.idempotencyKey(),
        request.priority(),
        request.due(now),
        declared.get().unique(),
        trace());
  }

  /** The current span as a W3C traceparent. */
  private static @Nullable String trace() {
    SpanContext context = Span.current().getSpanContext();
    return context.isValid()
        ? "00-%s-%s-%s"
            .formatted(context.getTraceId(), context.getSpanId(), context.getTraceFlags().asHex())
        : null;
  }
}
