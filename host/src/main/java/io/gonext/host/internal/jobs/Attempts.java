package io.gonext.host.internal.jobs;

import io.gonext.engine.GuestFrame;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.PlainText;
import io.gonext.host.JobAttempt;
import io.gonext.host.StoreException;
import io.gonext.host.hook.ActionResult;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.hook.CallSpan;
import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.lifecycle.PluginSlot.JobReply;
import io.gonext.host.internal.log.AboutPlugin;
import io.gonext.host.internal.service.jobs.JobQueue;
import io.gonext.host.internal.service.jobs.StoreClock;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Claim;
import io.gonext.host.internal.store.JobStore.Ending;
import io.gonext.host.internal.store.JobStore.Kind;
import io.gonext.host.internal.store.JobStore.Stored;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes one attempt at a job that this host has claimed, and records what it came to. Thread-safe.
 */
final class Attempts {
  private static final Logger log = LoggerFactory.getLogger(Attempts.class);

  private static final int HOSTS_OWN_STATUS = -5;
  private static final int BAD_PAYLOAD = -3;
  private static final int UNKNOWN_JOB = -4;

  private static final Duration LONGEST_PAUSE = Duration.ofHours(1);
  private static final Duration LONGEST_ASKED_PAUSE = Duration.ofDays(30);

  /** When a job runs again that could not run here. */
  private static final Duration SOON = Duration.ofSeconds(1);

  /** Between two tries to write a result. */
  private static final Duration STORE_PAUSE = Duration.ofMillis(250);

  private final JobQueue queue;
  private final JobStore store;
  private final StoreClock clock;
  private final Lifecycle lifecycle;
  private final Lanes lanes;
  private final Results results;
  private final JobRunner.Parts parts;
  private final JobProbe probe;
  private final String node;
  private final BooleanSupplier closing;

  Attempts(
      JobQueue queue,
      Lifecycle lifecycle,
      Lanes lanes,
      Results results,
      JobRunner.Parts parts,
      JobProbe probe,
      String node,
      BooleanSupplier closing) {
    this.queue = queue;
    this.store = queue.store();
    this.clock = queue.clock();
    this.lifecycle = lifecycle;
    this.lanes = lanes;
    this.results = results;
    this.parts = parts;
    this.probe = probe;
    this.node = node;
    this.closing = closing;
  }

  /**
   * What an attempt came to.
   *
   * @param outcome see {@link JobAttempt#outcome}
   * @param next what follows it; null to put the job back as if nothing had been tried
   */
  private record Answer(
      String outcome, String reason, List<GuestFrame> backtrace, @Nullable Next next) {
    static Answer of(String outcome, String reason, Next next) {
      return new Answer(outcome, reason, List.of(), next);
    }

    static Answer notTried() {
      return new Answer("", "", List.of(), null);
    }
  }

  /** What follows an attempt. */
  private sealed interface Next {
    record Done() implements Next {}

    record Never() implements Next {}

    /**
     * Another attempt, if there may be one.
     *
     * @param pause null for the job's own backoff
     */
    record Retry(@Nullable Duration pause) implements Next {}

    /** Another attempt, for which the job is not to blame. */
    record Resume() implements Next {}
  }

  /**
   * Runs a job.
   *
   * @throws StoreException when the result could not be written; the job will be taken over
   */
  void run(Claim claim, Stored job) {
    if (closing.getAsBoolean()) {
      store.putBack(claim, job.dueAt());
      return;
    }
    Span span = probe.span(job);
    Run run = new Run(job, clock.now());
    try (Scope _ = CallSpan.context(job.plugin(), span).makeCurrent();
        AboutPlugin _ = AboutPlugin.open(job.plugin())) {
      Answer result = run.attempt();
      if (result.next == null) {
        store.putBack(claim, clock.now().plus(SOON));
        return;
      }
      Instant ended = clock.now();
      probe.ended(job, span, result.outcome, Duration.between(run.began, ended));
      record(claim, run, result, result.next, ended);
    } finally {
      span.end();
    }
  }

  private void record(Claim claim, Run run, Answer result, Next next, Instant ended) {
    Stored job = run.job;
    Ending ending = ending(run, result, next, ended);
    JobAttempt attempt =
        new JobAttempt(
            job.attempts() + 1,
            result.outcome,
            run.version,
            node,
            run.began,
            ended,
            result.reason,
            result.backtrace.stream().map(Attempts::shown).toList());
    if (!(ending instanceof Ending.Succeeded)) {
      tell(job, attempt, ending, result);
    }
    if (ending instanceof Ending.Again(Instant due, _, _) && !due.isAfter(ended)) {
      // Before the result is there, so that whoever writes it looks for it.
      lanes.heat(job.plugin());
    }
    if (!written(new JobStore.Result(claim, attempt, ending))) {
      probe.fenced(job.plugin());
      log.warn(
          "the result of job {} of {} is dropped: another node took it over, or it was deleted",
          job.id(),
          job.plugin());
    }
  }

  private Ending ending(Run run, Answer result, Next next, Instant now) {
    Stored job = run.job;
    return switch (next) {
      case Next.Done() -> new Ending.Succeeded();
      case Next.Never() -> new Ending.Dead(result.reason);
      case Next.Resume() -> new Ending.Again(now, false, result.reason);
      case Next.Retry(Duration pause) ->
          job.failures() + 1 >= run.maxAttempts()
              ? new Ending.Dead(result.reason)
              : new Ending.Again(
                  now.plus(pause == null ? backoff(run, job.failures()) : pause),
                  true,
                  result.reason);
    };
  }

  /** With up to a tenth more, so that jobs that failed together do not come back together. */
  private Duration backoff(Run run, int failures) {
    Duration first = queue.policy().backoff();
    Duration pause =
        run.backoff() == Manifest.Backoff.FIXED
            ? first
            : first.multipliedBy(1L << Math.min(failures, 20));
    Duration bounded = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    return bounded.plusMillis(parts.random().nextLong(bounded.toMillis() / 10 + 1));
  }

  /** The plugin's author and the operator see what failed. */
  private void tell(Stored job, JobAttempt attempt, Ending ending, Answer result) {
    String after =
        switch (ending) {
          case Ending.Dead _ -> "no attempt follows";
          case Ending.Again(Instant due, _, _) ->
              "again in " + Duration.between(attempt.endedAt(), due).toMillis() + " ms";
          case Ending.Succeeded() -> "";
        };
    parts
        .logs()
        .of(job.plugin())
        .write(
            Level.WARN,
            "job %s (%s), attempt %d: %s, %s; %s"
                .formatted(
                    job.name(),
                    job.id(),
                    attempt.number(),
                    attempt.outcome(),
                    attempt.reason(),
                    after));
    for (HookOutcome outcome : HookOutcome.values()) {
      if (outcome.name().equals(attempt.outcome())) {
        parts
            .hooks()
            .failed(
                new TurnFailure(
                    job.plugin(),
                    attempt.version(),
                    "job " + job.name(),
                    outcome,
                    attempt.reason(),
                    result.backtrace.stream().map(Attempts::frame).toList()));
      }
    }
  }

  private static TurnFailure.Frame frame(GuestFrame frame) {
    return new TurnFailure.Frame(
        frame.name(),
        frame.codeOffset(),
        frame.source() == null ? null : frame.source().toString());
  }

  private static String shown(GuestFrame frame) {
    return PlainText.of(frame(frame).toString());
  }

  /**
   * Writes a result, again and again while the store fails, for as long as the claim may hold: its
   * signs of life go on meanwhile.
   */
  private boolean written(JobStore.Result result) {
    long deadline = System.nanoTime() + queue.policy().takeOver().toNanos();
    boolean alone = false;
    while (true) {
      try {
        return results.write(result, alone);
      } catch (StoreException e) {
        if (closing.getAsBoolean() || System.nanoTime() - deadline > 0) {
          throw e;
        }
        alone = true;
        Thread.interrupted();
        LockSupport.parkNanos(STORE_PAUSE.toNanos());
      }
    }
  }

  /** One attempt. */
  private final class Run {
    private final Stored job;
    private final Instant began;
    private Optional<Manifest.Job> declared = Optional.empty();

    /** That runs it; empty where none does. */
    private String version = "";

    Run(Stored job, Instant began) {
      this.job = job;
      this.began = began;
    }

    int maxAttempts() {
      return declared.map(Manifest.Job::maxAttempts).orElse(Manifest.Job.DEFAULT_MAX_ATTEMPTS);
    }

    Manifest.Backoff backoff() {
      return declared.map(Manifest.Job::backoff).orElse(Manifest.Backoff.EXPONENTIAL);
    }

    Answer attempt() {
      Optional<PluginSlot> slot = lifecycle.active(job.plugin());
      if (slot.isEmpty()) {
        return Answer.notTried();
      }
      declared = slot.get().manifest().job(job.name());
      if (job.failures() >= maxAttempts()) {
        return Answer.of(
            "NOT_RUN",
            "all of its " + maxAttempts() + " attempts failed, the last one with its node",
            new Next.Never());
      }
      try {
        return job.kind() == Kind.ACTION ? action() : guest(slot.get());
      } catch (InterruptedException e) {
        return Answer.of(
            "CUT_OFF",
            closing.getAsBoolean()
                ? "the host closed before the job ended"
                : "its version left service before the job ended",
            new Next.Resume());
      } catch (StoreException e) {
        throw e;
      } catch (RuntimeException e) {
        log.error("job {} of {}: the host failed", job.id(), job.plugin(), e);
        return Answer.of(
            HookOutcome.EXCEPTION.name(),
            "the host failed; its log has the cause",
            new Next.Retry(null));
      }
    }

    private Answer action() throws InterruptedException {
      List<JsonNode> args = new ArrayList<>();
      args().forEach(args::add);
      ActionResult result = parts.actions().run(job.plugin(), job.name(), args);
      if (result.degraded().isEmpty()) {
        return Answer.of("OK", "", new Next.Done());
      }
      String reason =
          result.degraded().getFirst().plugin()
              + ": "
              + result.degraded().getFirst().code()
              + ": "
              + result.degraded().getFirst().reason();
      return Answer.of("FAILED", reason, new Next.Retry(null));
    }

    private Answer guest(PluginSlot slot) throws InterruptedException {
      try {
        return switch (slot.run(job.name(), this::payload)) {
          case JobReply.Answered(HookReply reply) -> answered(reply);
          case JobReply.OutOfService() -> Answer.notTried();
          case JobReply.Unknown(Manifest manifest, String sha256) -> unknown(manifest, sha256);
        };
      } catch (HookFailedException e) {
        return switch (e.outcome()) {
          case UNAVAILABLE, SATURATED -> Answer.notTried();
          default ->
              new Answer(
                  e.outcome().name(),
                  e.getCause() instanceof GuestTrap trap
                      ? PlainText.of(trap.trapCause().describe())
                      : e.getMessage(),
                  e.getCause() instanceof GuestTrap trap ? trap.backtrace() : List.of(),
                  new Next.Retry(null));
        };
      }
    }

    /** Another host may have updated the plugin, and this one is about to follow. */
    private Answer unknown(Manifest manifest, String sha256) {
      return lifecycle.isCurrent(manifest.name(), sha256)
          ? Answer.of("UNKNOWN_JOB", manifest.id() + " has no job " + job.name(), new Next.Never())
          : Answer.notTried();
    }

    private byte[] payload(String byVersion, Duration timeout) {
      version = byVersion;
      JsonNode args = args();
      ObjectNode payload = JsonNodeFactory.instance.objectNode();
      payload.put("kind", "job").put("id", job.id()).put("name", job.name());
      payload.set("args", args);
      payload.set("payload", args);
      payload
          .put("idempotency_key", job.idempotencyKey())
          .put("attempt", job.attempts() + 1)
          .put("retry_count", job.attempts())
          .put("scheduled_at", job.dueAt().toEpochMilli())
          .put("deadline_ms", timeout.toMillis());
      return StrictJson.write(payload);
    }

    private JsonNode args() {
      try {
        return StrictJson.parse(job.args());
      } catch (InvalidJsonException e) {
        throw new IllegalStateException("the arguments of job " + job.id() + " are damaged", e);
      }
    }

    private Answer answered(HookReply reply) {
      return switch (reply) {
        case HookReply.Done() -> Answer.of("OK", "", new Next.Done());
        case HookReply.Body(byte[] body) -> body(body);
        case HookReply.Failed(int status) when status == HOSTS_OWN_STATUS ->
            Answer.of(
                HookOutcome.BAD_ANSWER.name(),
                "it answered -5, which only a host may say",
                new Next.Retry(null));
        case HookReply.Failed failed ->
            Answer.of(
                HookOutcome.STATUS.name(),
                "it answered %d (%s)"
                    .formatted(
                        failed.status(),
                        failed.status() == UNKNOWN_JOB ? "unknown job" : failed.meaning()),
                failed.status() == BAD_PAYLOAD || failed.status() == UNKNOWN_JOB
                    ? new Next.Never()
                    : new Next.Retry(null));
      };
    }

    private Answer body(byte[] body) {
      JsonNode asked;
      try {
        asked = StrictJson.parse(body).get("retry_in_ms");
      } catch (InvalidJsonException e) {
        return Answer.of(
            HookOutcome.BAD_ANSWER.name(),
            "its answer is not JSON: " + e.getMessage(),
            new Next.Retry(null));
      }
      if (asked == null) {
        return Answer.of("OK", "", new Next.Done());
      }
      OptionalLong millis = StrictJson.integer(asked);
      if (millis.isEmpty() || millis.getAsLong() < 0) {
        return Answer.of(
            HookOutcome.BAD_ANSWER.name(),
            "its \"retry_in_ms\" is not an integer of at least 0",
            new Next.Retry(null));
      }
      Duration pause =
          Duration.ofMillis(Math.min(millis.getAsLong(), LONGEST_ASKED_PAUSE.toMillis()));
      return Answer.of(
          "RETRY",
          "it asked for another attempt in " + pause.toMillis() + " ms",
          new Next.Retry(pause));
    }
  }
}
