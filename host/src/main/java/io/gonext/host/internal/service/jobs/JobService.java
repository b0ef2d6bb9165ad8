package io.gonext.host.internal.service.jobs;

import io.gonext.host.PluginEvent;
import io.gonext.host.StoreException;
import io.gonext.host.UnknownJobException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Explained;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.CapabilityGate;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.MinuteBudget;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.service.PluginScope.Mode;
import io.gonext.host.internal.service.db.BatchJobs;
import io.gonext.host.internal.service.db.SqlRefusedException;
import io.gonext.host.internal.service.jobs.JobRequest.InvalidException;
import io.gonext.host.internal.store.JobStore.Enqueued;
import io.gonext.host.internal.store.JobStore.QueueFullException;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.opentelemetry.context.Context;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * {@code gn_job_enqueue} and {@code gn_cron_register}. Both answer once their change is committed.
 * The store's work runs on threads of this service, because a guest's thread is interrupted at its
 * deadline.
 *
 * <p>Thread-safe.
 */
public final class JobService implements HostService {
  /** How long a guest waits for the store, whatever its deadline is. */
  private static final Duration BUDGET = Duration.ofSeconds(1);

  /** A request with its arguments, and 8 KiB for the rest. */
  private static final int MAX_REQUEST_BYTES = JobRequest.MAX_ARGS_BYTES + 8 * 1024;

  private static final String NOT_STORED = "the store did not take the job";

  private final JobQueue queue;
  private final LongSupplier nanoTime;

  /** By plugin, of all its versions together. */
  private final ConcurrentMap<String, MinuteBudget> budgets = new ConcurrentHashMap<>();

  private final ExecutorService threads =
      Context.taskWrapping(
          Executors.newThreadPerTaskExecutor(
              Thread.ofVirtual().name("gonext-enqueue-", 0).factory()));

  /** The gate of each version that may serve, by name and version. */
  private final Map<String, CapabilityGate> gates = new ConcurrentHashMap<>();

  /** The versions that serve, by plugin. */
  private final Map<String, Manifest> serving = new ConcurrentHashMap<>();

  private final BatchOutbox outbox;

  public JobService(JobQueue queue, PluginDatabases databases, LongSupplier nanoTime) {
    this.queue = queue;
    this.nanoTime = nanoTime;
    this.outbox = new BatchOutbox(databases, queue, this::enqueuing, nanoTime);
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    if (scope.mode() == Mode.SERVING) {
      queue.willServe(scope.manifest());
      gates.put(
          scope.manifest().id(),
          CapabilityGate.of(scope, "jobs.enqueue", "gonext_data.gn_db_batch"));
    }
    Body register = Body.answering(arguments -> register(scope, arguments));
    return Map.of(
        new ImportKey("env", "gn_job_enqueue"),
        Body.answering(arguments -> enqueue(scope, arguments)),
        new ImportKey("env", "gn_cron_register"),
        register,
        new ImportKey("env_platform", "gn_cron_register"),
        register);
  }

  private HostAnswer enqueue(PluginScope scope, GuestArguments arguments) {
    JsonNode json = arguments.json(0, MAX_REQUEST_BYTES);
    Manifest manifest = scope.manifest();
    JobRequest request;
    try {
      request = JobRequest.parse(json);
    } catch (InvalidException e) {
      return new Explained(Refused.BAD_ARGUMENTS, String.valueOf(e.getMessage()));
    }
    if (!scope.mode().hasEffects()) {
      return body("00000000-0000-0000-0000-000000000000", true);
    }
    if (!budget(manifest.name()).tryTake()) {
      return new Explained(
          Refused.RATE_LIMITED,
          "the plugin enqueues more than %d jobs in a minute"
              .formatted(queue.policy().perMinute()));
    }
    return waited(
        arguments,
        () -> {
          Enqueued enqueued = queue.enqueue(manifest, request);
          return body(enqueued.id(), enqueued.created());
        });
  }

  private MinuteBudget budget(String plugin) {
    return MinuteBudget.of(budgets, plugin, queue.policy().perMinute(), nanoTime);
  }

  private static HostAnswer body(String id, boolean created) {
    return new HostAnswer.Body(
        StrictJson.write(
            JsonNodeFactory.instance.objectNode().put("id", id).put("created", created)));
  }

  private HostAnswer register(PluginScope scope, GuestArguments arguments) {
    JsonNode json = arguments.json(0, MAX_REQUEST_BYTES);
    CronRequest request;
    try {
      request = CronRequest.parse(json);
    } catch (InvalidException e) {
      return new Explained(Refused.BAD_ARGUMENTS, String.valueOf(e.getMessage()));
    }
    if (!scope.mode().hasEffects()) {
      return HostAnswer.Done.DONE;
    }
    if (!budget(scope.manifest().name()).tryTake()) {
      return new Explained(
          Refused.RATE_LIMITED,
          "the plugin registers more than %d schedules in a minute"
              .formatted(queue.policy().perMinute()));
    }
    return waited(
        arguments,
        () ->
            queue
                    .store()
                    .crons()
                    .register(
                        scope.manifest().name(),
                        request.stored(queue.clock().fresh()),
                        CronRequest.MOST)
                ? HostAnswer.Done.DONE
                : new Explained(
                    Refused.QUOTA, "the plugin has " + CronRequest.MOST + " schedules already"));
  }

  /**
   * Stores an event as a job, which delivers it at least once. The guest's deadline interrupts the
   * wait.
   */
  public HostAnswer store(PluginEvent event, int depth) {
    return waited(
        BUDGET,
        () -> {
          queue.enqueueAction(event.plugin(), event.hook(), StoredEvent.json(event, depth));
          return HostAnswer.Done.DONE;
        });
  }

  /** The version of a plugin that serves; null if there is none, or it may not enqueue jobs. */
  private @Nullable Manifest enqueuing(String plugin) {
    Served served = served(plugin);
    return served != null && served.gate.isOpen() ? served.manifest : null;
  }

  private record Served(Manifest manifest, CapabilityGate gate) {}

  /** The version of a plugin that serves, with its gate; null if there is none. */
  private @Nullable Served served(String plugin) {
    while (true) {
      Manifest manifest = serving.get(plugin);
      CapabilityGate gate = manifest == null ? null : gates.get(manifest.id());
      if (manifest != null && gate != null) {
        return new Served(manifest, gate);
      }
      // A version that was replaced between the two looks has no gate any more: look again.
      if (Objects.equals(serving.get(plugin), manifest)) {
        return null;
      }
    }
  }

  /** See {@link BatchJobs#enqueue}. */
  public JsonNode enqueueInBatch(Connection transaction, String plugin, JsonNode entries)
      throws SQLException, SqlRefusedException {
    Served served = served(plugin);
    if (served == null || !served.gate.admits()) {
      throw new SqlRefusedException(
          Refused.DENIED, "the plugin does not have the capability jobs.enqueue");
    }
    Manifest manifest = served.manifest;
    ArrayNode answers = JsonNodeFactory.instance.arrayNode();
    for (JsonNode entry : entries) {
      JobRequest request;
      try {
        request = JobRequest.parse(entry);
      } catch (InvalidException e) {
        throw new SqlRefusedException(Refused.BAD_ARGUMENTS, "\"enqueue\": " + e.getMessage());
      }
      if (manifest.job(request.job()).isEmpty()) {
        throw new SqlRefusedException(
            Refused.NOT_FOUND, "\"enqueue\": " + manifest.id() + " has no job " + request.job());
      }
      if (!budget(plugin).tryTake()) {
        throw new SqlRefusedException(
            Refused.RATE_LIMITED,
            "\"enqueue\": the plugin enqueues more than %d jobs in a minute"
                .formatted(queue.policy().perMinute()));
      }
      answers.addObject().put("id", outbox.write(transaction, plugin, entry)).put("created", true);
    }
    return answers;
  }

  @Override
  public void serves(Manifest manifest) {
    Manifest before = serving.put(manifest.name(), manifest);
    if (before != null && !before.id().equals(manifest.id())) {
      gates.remove(before.id());
    }
    outbox.serves(manifest);
  }

  @Override
  public void left(String plugin) {
    Manifest before = serving.remove(plugin);
    if (before != null) {
      gates.remove(before.id());
    }
  }

  /** Does the store's work, for which the guest waits as long as it may. */
  private HostAnswer waited(GuestArguments arguments, Callable<HostAnswer> work) {
    Duration remaining = arguments.remaining();
    return waited(remaining.compareTo(BUDGET) < 0 ? remaining : BUDGET, work);
  }

  private HostAnswer waited(Duration patience, Callable<HostAnswer> work) {
    try {
      Future<HostAnswer> answer = threads.submit(work);
      return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new HostAnswer.Unavailable(NOT_STORED);
    } catch (TimeoutException | RejectedExecutionException e) {
      return new HostAnswer.Unavailable(NOT_STORED);
    } catch (ExecutionException e) {
      return switch (e.getCause()) {
        case InvalidException invalid ->
            new Explained(Refused.BAD_ARGUMENTS, String.valueOf(invalid.getMessage()));
        case UnknownJobException unknown ->
            new Explained(Refused.NOT_FOUND, String.valueOf(unknown.getMessage()));
        case QueueFullException full ->
            new Explained(Refused.QUOTA, String.valueOf(full.getMessage()));
        case StoreException _ -> new HostAnswer.Unavailable(NOT_STORED);
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException(e);
      };
    }
  }

  @Override
  public void forget(String plugin) {
    budgets.remove(plugin);
    outbox.forget(plugin);
  }

  @Override
  public void close() {
    outbox.close();
    threads.shutdown();
    try {
      var _ = threads.awaitTermination(BUDGET.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
