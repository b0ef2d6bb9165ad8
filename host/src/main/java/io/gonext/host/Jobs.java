package io.gonext.host;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.service.jobs.JobRequest;
import io.gonext.host.internal.service.jobs.JobRequest.InvalidException;
import io.gonext.host.internal.store.JobRecords;
import io.gonext.host.internal.store.JobStore.Enqueued;
import io.gonext.host.internal.store.JobStore.QueueFullException;
import io.gonext.host.manifest.Manifest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The background jobs of plugins, of all hosts on the database together. Each act of an operator is
 * one row of the {@linkplain Host#audit audit log}.
 *
 * <p>A job runs at least once: again after a failed attempt, and again where it is not known
 * whether an attempt came to its end. Thread-safe.
 */
public final class Jobs {
  /** The most jobs that one call of {@link #list} returns. */
  public static final int MAX_LISTED = 1_000;

  private final Lifecycle lifecycle;
  private final JobQueue queue;
  private final JobRecords records;
  private final ChangeRecord record;

  Jobs(Lifecycle lifecycle, JobQueue queue, ChangeRecord record) {
    this.lifecycle = lifecycle;
    this.queue = queue;
    this.records = queue.store().records();
    this.record = record;
  }

  /**
   * The newest jobs, the newest first.
   *
   * @param plugin empty for all plugins
   * @param state empty for all states
   * @param limit at most {@link #MAX_LISTED}
   */
  public List<JobInfo> list(String plugin, Optional<JobState> state, int limit) {
    return records.list(plugin, state.orElse(null), Math.clamp(limit, 1, MAX_LISTED));
  }

  /**
   * A job with all its attempts.
   *
   * @throws UnknownJobException when there is none of that id, or it is no longer kept
   */
  public JobInfo get(String id) {
    return records.find(id).orElseThrow(() -> unknown(id));
  }

  private static UnknownJobException unknown(String id) {
    return new UnknownJobException("there is no job " + id + ", or it is no longer kept");
  }

  /**
   * Enqueues a job, due now.
   *
   * @param args at most 64 KiB of JSON
   * @return the job; one that exists, where the job is unique and waits with equal arguments
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws UnknownJobException when the installed version has no such job
   * @throws ConflictException when too many jobs of the plugin wait
   * @throws IllegalArgumentException when the arguments are too large
   */
  public JobInfo run(String plugin, String job, ObjectNode args) {
    return request(plugin, ChangeRecord.detail().put("job", job).set("args", args));
  }

  /**
   * Enqueues a job as a plugin does.
   *
   * @param request {@code {"job","args","delay_ms"|"at","idempotency_key","priority"}}
   * @throws IllegalArgumentException when the request is not acceptable; see {@link #run} for the
   *     others
   */
  public JobInfo request(String plugin, JsonNode request) {
    Enqueued enqueued =
        record.watch("job_run", plugin, () -> enqueued(lifecycle.manifest(plugin), request));
    record.done(
        "job_run",
        plugin,
        ChangeRecord.detail()
            .put("job", request.path("job").asString(""))
            .put("id", enqueued.id())
            .put("created", enqueued.created()));
    return get(enqueued.id());
  }

  private Enqueued enqueued(Manifest manifest, JsonNode request) {
    try {
      return queue.enqueue(manifest, JobRequest.parse(request));
    } catch (InvalidException e) {
      throw new IllegalArgumentException(e.getMessage());
    } catch (QueueFullException e) {
      throw new ConflictException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Lets a job run now: one that is dead or cancelled, with all its attempts anew, or one that
   * waits.
   *
   * @throws UnknownJobException when there is none of that id
   * @throws ConflictException when it runs or has succeeded
   */
  public JobInfo retry(String id) {
    JobInfo job = get(id);
    act(
        "job_retry",
        job,
        () -> records.retry(id, queue.clock().fresh()),
        "only a job that waits, is dead or was cancelled can be retried");
    queue.committed(job.plugin());
    return get(id);
  }

  /**
   * Cancels a job that waits.
   *
   * @throws UnknownJobException when there is none of that id
   * @throws ConflictException when it runs or has ended
   */
  public JobInfo cancel(String id) {
    JobInfo job = get(id);
    act(
        "job_cancel",
        job,
        () -> records.cancel(id, "cancelled by " + ChangeRecord.actor(), queue.clock().fresh()),
        "only a job that waits can be cancelled");
    return get(id);
  }

  /**
   * Deletes a job that is dead or was cancelled, with its attempts. Its idempotency key is free
   * again. The audit log keeps why it was dead.
   *
   * @throws UnknownJobException when there is none of that id
   * @throws ConflictException when it waits, runs or has succeeded
   */
  public void delete(String id) {
    JobInfo job = get(id);
    act(
        "job_delete",
        job,
        () -> records.delete(id),
        "only a job that is dead or was cancelled can be deleted",
        ChangeRecord.detail()
            .put("state", job.state().name().toLowerCase(Locale.ROOT))
            .put("reason", job.reason()));
  }

  private interface Act {
    JobRecords.Act make();
  }

  private void act(String event, JobInfo job, Act act, String otherwise) {
    act(event, job, act, otherwise, ChangeRecord.detail());
  }

  /**
   * @param detail of the row in the audit log, beside the job's name and id
   */
  private void act(String event, JobInfo job, Act act, String otherwise, ObjectNode detail) {
    record.watch(
        event,
        job.plugin(),
        () -> {
          switch (act.make()) {
            case DONE -> {}
            case UNKNOWN -> throw unknown(job.id());
            case REFUSED ->
                throw new ConflictException(
                    "job %s of %s is %s: %s"
                        .formatted(job.id(), job.plugin(), get(job.id()).state(), otherwise));
          }
          return true;
        });
    record.done(event, job.plugin(), detail.put("job", job.job()).put("id", job.id()));
  }

  /**
   * Pauses all jobs of a plugin on all hosts: those that run go on, and others may be enqueued.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when they are paused already
   */
  public void pause(String plugin) {
    pause(plugin, "");
  }

  /**
   * Pauses one job of a plugin; see {@link #pause(String)}.
   *
   * @param job empty for all
   * @throws UnknownJobException when the installed version has no such job
   */
  public void pause(String plugin, String job) {
    record.watch(
        "job_pause",
        plugin,
        () -> {
          requireJob(lifecycle.manifest(plugin), job);
          if (!records.pause(plugin, job)) {
            throw new ConflictException(named(plugin, job) + " is paused already");
          }
          return true;
        });
    record.done("job_pause", plugin, ChangeRecord.detail().put("job", job));
  }

  private static void requireJob(Manifest manifest, String job) {
    if (!job.isEmpty() && manifest.job(job).isEmpty()) {
      throw new UnknownJobException(
          "%s has no job %s; it has %s"
              .formatted(
                  manifest.id(), job, manifest.jobs().stream().map(Manifest.Job::name).toList()));
    }
  }

  private static String named(String plugin, String job) {
    return job.isEmpty() ? plugin : plugin + "'s job " + job;
  }

  /** Ends a {@link #pause(String)}. */
  public void resume(String plugin) {
    resume(plugin, "");
  }

  /**
   * Ends a {@link #pause(String, String)}.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when that is not paused
   */
  public void resume(String plugin, String job) {
    record.watch(
        "job_resume",
        plugin,
        () -> {
          var _ = lifecycle.manifest(plugin);
          if (!records.resume(plugin, job)) {
            throw new ConflictException(named(plugin, job) + " is not paused");
          }
          return true;
        });
    record.done("job_resume", plugin, ChangeRecord.detail().put("job", job));
    queue.committed(plugin);
  }

  /** The jobs of a plugin that are paused; an empty name stands for all. */
  public SortedSet<String> paused(String plugin) {
    return new TreeSet<>(records.paused(plugin));
  }

  /** The schedules of a plugin. */
  public List<CronInfo> schedules(String plugin) {
    return queue.store().crons().list(plugin);
  }
}
