package io.gonext.host.internal.jobs;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.store.CronStore;
import io.gonext.host.internal.store.CronStore.NextCron;
import io.gonext.host.internal.store.CronStore.StoredCron;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Claim;
import io.gonext.host.internal.store.JobStore.Kind;
import io.gonext.host.internal.store.JobStore.NewJob;
import io.gonext.host.internal.store.JobStore.QueueFullException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Manifest.CatchUp;
import io.gonext.host.manifest.Schedule;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The schedules of plugins. Each is a row of the queue whose time is its next run; whoever claims
 * it enqueues the job and moves the row on in one transaction. The job's idempotency key names the
 * run, so that no run is enqueued twice. Thread-safe.
 */
final class Ticks {
  private static final Logger log = LoggerFactory.getLogger(Ticks.class);

  /** A run that is later than this was missed. */
  private static final Duration ON_TIME = Duration.ofMinutes(1);

  /** With {@code catch_up: all}, so many runs are made up for, the last ones. */
  private static final int MOST_MISSED = 100;

  private final JobQueue queue;
  private final JobStore store;
  private final CronStore crons;
  private final Lifecycle lifecycle;

  Ticks(JobQueue queue, Lifecycle lifecycle) {
    this.queue = queue;
    this.store = queue.store();
    this.crons = store.crons();
    this.lifecycle = lifecycle;
  }

  /** Makes the schedules of a manifest those of the plugin. */
  void sync(Manifest manifest) {
    Instant now = queue.clock().fresh();
    Map<String, Integer> numbers = new HashMap<>();
    List<NextCron> schedules = new ArrayList<>();
    for (Manifest.Cron cron : manifest.cron()) {
      int number = numbers.merge(cron.job(), 1, Integer::sum);
      Optional<Instant> next = cron.schedule().next(now);
      if (next.isPresent()) {
        schedules.add(
            new NextCron(
                new StoredCron(
                    "manifest:" + cron.job() + ":" + number,
                    false,
                    cron.job(),
                    cron.schedule().toString(),
                    cron.schedule().zone().getId(),
                    StrictJson.write(cron.args()),
                    cron.catchUp().name().toLowerCase(Locale.ROOT)),
                next.get()));
      }
    }
    crons.replace(manifest.name(), schedules);
  }

  /**
   * Enqueues what is due of a schedule.
   *
   * @param due the first run that is
   */
  void run(Claim claim, Instant due) {
    String plugin = CronStore.pluginOf(claim.instance());
    Instant now = queue.clock().now();
    Optional<StoredCron> stored = crons.find(claim.instance());
    Optional<PluginSlot> slot = lifecycle.active(plugin);
    if (stored.isEmpty() || slot.isEmpty()) {
      store.putBack(claim, due);
      return;
    }
    StoredCron cron = stored.get();
    Schedule schedule = schedule(cron);
    CatchUp catchUp = CatchUp.valueOf(cron.catchUp().toUpperCase(Locale.ROOT));
    Deque<Instant> runs = new ArrayDeque<>();
    @Nullable Instant next = due;
    while (next != null && !next.isAfter(now)) {
      if (catchUp != CatchUp.NONE || !next.isBefore(now.minus(ON_TIME))) {
        runs.addLast(next);
      }
      if (runs.size() > (catchUp == CatchUp.ALL ? MOST_MISSED : 1)) {
        runs.removeFirst();
      }
      next = schedule.next(next).orElse(null);
    }
    List<NewJob> jobs = runs.stream().map(run -> job(slot.get().manifest(), cron, run)).toList();
    try {
      crons.tick(claim, plugin, jobs, next, queue.policy().waiting(), now);
    } catch (QueueFullException e) {
      log.warn(
          "{} missed a run of {} ({}): {}", plugin, cron.job(), cron.schedule(), e.getMessage());
    }
  }

  private static NewJob job(Manifest manifest, StoredCron cron, Instant run) {
    boolean guest = manifest.job(cron.job()).isPresent() || !cron.registered();
    return new NewJob(
        "",
        guest ? cron.job() : "plugin.cron." + manifest.name().replace('-', '_') + "." + cron.job(),
        guest ? Kind.GUEST : Kind.ACTION,
        guest ? cron.args() : array(cron.args()),
        "cron:" + cron.id() + ":" + run.toEpochMilli(),
        0,
        run,
        false,
        null);
  }

  private static byte[] array(byte[] object) {
    return ("[" + new String(object, StandardCharsets.UTF_8) + "]")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Schedule schedule(StoredCron cron) {
    if (cron.schedule().startsWith("{")) {
      try {
        JsonNode every =
            StrictJson.parse(cron.schedule().getBytes(StandardCharsets.UTF_8)).get("every_ms");
        return Schedule.every(Duration.ofMillis(StrictJson.integer(every).orElseThrow()));
      } catch (InvalidJsonException e) {
        throw new IllegalStateException("the schedule " + cron.id() + " is damaged", e);
      }
    }
    return Schedule.parse(cron.schedule(), ZoneId.of(cron.zone()));
  }
}
