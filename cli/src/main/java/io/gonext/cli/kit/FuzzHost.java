package io.gonext.cli.kit;

import io.gonext.engine.HostTrace;
import io.gonext.engine.InstanceState;
import io.gonext.host.ConflictException;
import io.gonext.host.Host;
import io.gonext.host.JobAttempt;
import io.gonext.host.JobInfo;
import io.gonext.host.PluginResponse;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.RouteOutcome;
import io.gonext.host.TrialResult;
import io.gonext.host.Trials;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.Recording;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A plugin in a temporary host, for random calls. Owned by one thread. */
final class FuzzHost {
  private static final Duration JOB_PATIENCE = Duration.ofSeconds(10);

  private final Host host;
  private final Manifest manifest;
  private final AtomicReference<@Nullable TurnFailure> failure = new AtomicReference<>();

  /**
   * What a call came to.
   *
   * @param code {@code OK}, or as {@link HookOutcome} names the failure
   * @param reason why it failed, one sentence
   * @param backtrace innermost first
   * @param answer what it answered, as text; empty for an action, a job and a call that failed
   */
  record Result(String code, String reason, List<String> backtrace, String answer) {
    boolean isOk() {
      return code.equals("OK");
    }
  }

  /**
   * @param host in which the plugin is active
   */
  FuzzHost(Host host, Manifest manifest) {
    this.host = host;
    this.manifest = manifest;
    host.health().listenToFailures(manifest.name(), failure::set);
    host.recordings().start(manifest.name(), RecordingPolicy.ALL);
  }

  /** Calls the plugin as anybody does, in the instance that the pool has. */
  Result live(FuzzCall call) throws InterruptedException {
    failure.set(null);
    String answer =
        switch (call.target().kind()) {
          case FILTER ->
              text(host.applyFilters(name(call), call.value(), call.arguments()).value());
          case ACTION -> {
            var _ = host.doAction(name(call), call.arguments());
            yield "";
          }
          case ROUTE ->
              switch (host.serve(manifest.name(), call.request())) {
                case RouteOutcome.Answered(PluginResponse response) -> text(response);
                case RouteOutcome.NotFound(), RouteOutcome.MethodNotAllowed(_) -> "no route";
                case RouteOutcome.RateLimited(_, _), RouteOutcome.Failed(_, _, _, _) -> "";
              };
          case JOB -> "";
        };
    if (call.target().kind() == FuzzCall.Kind.JOB) {
      return job(call);
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    TurnFailure failed = failure.get();
    return failed == null
        ? new Result("OK", "", List.of(), answer)
        : result(failed.outcome(), failed.reason(), failed.backtrace(), "");
  }

  private static String name(FuzzCall call) {
    return call.target().name();
  }

  private static Result result(
      HookOutcome outcome, String reason, List<TurnFailure.Frame> backtrace, String answer) {
    return new Result(
        outcome.name(),
        reason,
        backtrace.stream().map(TurnFailure.Frame::toString).toList(),
        answer);
  }

  private Result job(FuzzCall call) throws InterruptedException {
    JobInfo job =
        host.jobs()
            .request(
                manifest.name(),
                StrictJson.valueOf(Map.of("job", name(call), "args", call.input().path("args"))));
    Duration patience = manifest.job(name(call)).orElseThrow().timeout().plus(JOB_PATIENCE);
    long deadline = System.nanoTime() + patience.toNanos();
    while (job.attempts().isEmpty()) {
      if (System.nanoTime() - deadline > 0) {
        return new Result("CUT_OFF", "the host could not begin the job", List.of(), "");
      }
      TimeUnit.MILLISECONDS.sleep(1);
      job = host.jobs().get(job.id());
    }
    end(job, deadline);
    JobAttempt attempt = job.attempts().getFirst();
    return new Result(attempt.outcome(), attempt.reason(), attempt.backtrace(), "");
  }

  /**
   * Cancels a job that waits for another attempt, which would say the same. One that ends
   * meanwhile, or is at that attempt already, cannot be cancelled.
   */
  private void end(JobInfo job, long deadline) throws InterruptedException {
    while (!host.jobs().get(job.id()).state().isEnded() && System.nanoTime() - deadline < 0) {
      try {
        host.jobs().cancel(job.id());
      } catch (ConflictException e) {
        TimeUnit.MILLISECONDS.sleep(1);
      }
    }
  }

  /**
   * Calls the plugin in an instance of its own, that has just started, and whose host functions
   * change nothing; empty for a job.
   */
  Optional<Result> fresh(FuzzCall call) throws InterruptedException {
    Trials trials = host.trials();
    Trials.Where own = Trials.Where.TRIAL;
    TrialResult result;
    switch (call.target().kind()) {
      case FILTER ->
          result = trials.filter(manifest.name(), own, name(call), call.value(), call.arguments());
      case ACTION -> result = trials.action(manifest.name(), own, name(call), call.arguments());
      case ROUTE -> result = trials.route(manifest.name(), own, call.request());
      case JOB -> {
        return Optional.empty();
      }
      default -> throw new IllegalStateException(call.toString());
    }
    JsonNode value = result.value();
    String answer =
        value != null && call.target().kind() == FuzzCall.Kind.FILTER
            ? text(value)
            : result.response().map(FuzzHost::text).orElse("");
    return Optional.of(result(result.outcome(), result.reason(), result.backtrace(), answer));
  }

  private static String text(JsonNode value) {
    return new String(StrictJson.write(value), StandardCharsets.UTF_8);
  }

  private static String text(PluginResponse response) {
    byte[] body = response.body();
    String text = new String(body, StandardCharsets.UTF_8);
    boolean isText = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), body);
    return response.status()
        + " "
        + response.headers()
        + " "
        + (isText ? text : HexFormat.of().formatHex(body));
  }

  /** What was recorded of the last call; empty where none of its calls reached the plugin. */
  Optional<Recording> recording() {
    return host.recordings().list(manifest.name()).stream()
        .findFirst()
        .flatMap(info -> host.recordings().get(manifest.name(), info.id()));
  }

  /** What one call of the guest did, as it was recorded. */
  record Seen(RecordedCall call) {
    /** The functions of the host that it called. */
    TreeSet<String> functions() {
      TreeSet<String> functions = new TreeSet<>();
      for (HostTrace.Event event : call.trace().events()) {
        if (event instanceof HostTrace.Called called) {
          functions.add(called.function());
        }
      }
      return functions;
    }

    long fuel() {
      return call.fuel().orElse(0);
    }

    /** How it ended, in bytes or words. */
    String end() {
      return call.result() instanceof RecordedResult.Answer(byte[] bytes)
          ? new String(bytes, StandardCharsets.UTF_8)
          : call.result().toString();
    }

    /** Which functions of the host answered otherwise in another call, as far as they agree. */
    List<String> otherAnswers(Seen other) {
      List<HostTrace.Event> here = call.trace().events();
      List<HostTrace.Event> there = other.call.trace().events();
      String function = "";
      for (int i = 0; i < Math.min(here.size(), there.size()); i++) {
        if (here.get(i) instanceof HostTrace.Called called) {
          function = called.function();
        }
        if (!same(here.get(i), there.get(i))) {
          boolean isAnswer =
              here.get(i) instanceof HostTrace.Wrote || here.get(i) instanceof HostTrace.Returned;
          return isAnswer ? List.of(function) : List.of();
        }
      }
      return List.of();
    }

    private static boolean same(HostTrace.Event one, HostTrace.Event other) {
      return switch (one) {
        case HostTrace.Called called -> other.toString().equals(called.toString());
        case HostTrace.CalledBack back -> other.toString().equals(back.toString());
        case HostTrace.Read(long at, byte[] bytes) ->
            other instanceof HostTrace.Read(long otherAt, byte[] otherBytes)
                && at == otherAt
                && Arrays.equals(bytes, otherBytes);
        case HostTrace.Wrote(long at, byte[] bytes) ->
            other instanceof HostTrace.Wrote(long otherAt, byte[] otherBytes)
                && at == otherAt
                && Arrays.equals(bytes, otherBytes);
        case HostTrace.Returned _, HostTrace.Ended _ -> one.equals(other);
      };
    }
  }

  /** The only call of the last recording, if all of it is known. */
  Optional<Seen> seen() {
    return recording()
        .filter(Recording::isComplete)
        .filter(recording -> recording.calls().size() == 1)
        .map(recording -> new Seen(recording.calls().getFirst()));
  }

  /** The memory of the instance at the last call, in pages of 64 KiB; 0 if it is not known. */
  int memoryPages() {
    return recording().flatMap(Recording::state).map(InstanceState::pages).orElse(0);
  }

  /** Puts new instances in the place of those that there are. */
  void restart() throws InterruptedException {
    host.plugins().deactivate(manifest.name());
    var _ = host.plugins().activate(manifest.name());
  }
}
