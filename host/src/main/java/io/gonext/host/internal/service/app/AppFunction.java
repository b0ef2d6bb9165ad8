package io.gonext.host.internal.service.app;

import io.gonext.host.HostFunctionCall;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.InvalidRequestException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.CapabilityGate;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/**
 * One function of the application as one version of a plugin calls it. Whatever the function does,
 * its caller gets an answer or a status, and no text of an exception.
 *
 * <p>Thread-safe.
 */
final class AppFunction {
  /** How many calls of functions may be inside one another on a thread. */
  static final int MAX_DEPTH = 8;

  static final int MAX_REQUEST_BYTES = 1024 * 1024;
  static final int MAX_ANSWER_BYTES = 1024 * 1024;

  /** How many functions run on this thread, each inside a plugin that the one before it called. */
  private static final ScopedValue<Integer> DEPTH = ScopedValue.newInstance();

  private final AppService.Parts parts;
  private final AppService.Probe probe;
  private final PluginScope scope;
  private final CapabilityGate gate;
  private final String name;
  private final String version;

  /** The timer of calls that ended well; made at the first of them. */
  private volatile @Nullable Timer succeeded;

  AppFunction(AppService.Parts parts, AppService.Probe probe, PluginScope scope) {
    this.parts = parts;
    this.probe = probe;
    this.scope = scope;
    this.name = parts.spec().name();
    this.version = scope.manifest().version().toString();
    this.gate = CapabilityGate.of(scope, parts.spec().capability(), name);
  }

  /**
   * Calls the function.
   *
   * @param request the index of the argument that holds the request
   */
  HostAnswer call(GuestArguments arguments, int request) {
    if (!gate.admits()) {
      return Refused.DENIED;
    }
    if (!scope.mode().hasEffects()) {
      // What a function changes is not known here, so that there is no answer as if it had.
      return Refused.INTERNAL;
    }
    Tracer tracer = probe.tracer();
    return tracer == null
        ? timed(arguments, request).answer
        : traced(tracer, arguments, request).answer;
  }

  /**
   * How a call ended.
   *
   * @param nanos the time in the function; 0 if it was not called
   */
  private record Ended(CallOutcome outcome, HostAnswer answer, long nanos) {
    Ended(CallOutcome outcome, HostAnswer answer) {
      this(outcome, answer, 0);
    }

    Ended after(long time) {
      return new Ended(outcome, answer, time);
    }
  }

  private Ended traced(Tracer tracer, GuestArguments arguments, int request) {
    Span span = tracer.spanBuilder("gonext.app_call " + name).startSpan();
    try (Scope _ = span.makeCurrent()) {
      Ended ended = timed(arguments, request);
      span.setAttribute("gonext.plugin", scope.manifest().name());
      span.setAttribute("gonext.function", name);
      span.setAttribute("gonext.outcome", ended.outcome.name());
      if (ended.outcome != CallOutcome.OK) {
        span.setStatus(StatusCode.ERROR, ended.outcome.name());
      }
      return ended;
    } finally {
      span.end();
    }
  }

  private Ended timed(GuestArguments arguments, int request) {
    Ended ended = checked(arguments, request);
    timer(ended.outcome).record(ended.nanos, TimeUnit.NANOSECONDS);
    return ended;
  }

  private Ended checked(GuestArguments arguments, int request) {
    if (arguments.number(request + 1) > MAX_REQUEST_BYTES) {
      return refused("the request has more than " + MAX_REQUEST_BYTES + " bytes");
    }
    JsonNode json;
    try {
      json = StrictJson.parse(arguments.bytes(request, MAX_REQUEST_BYTES));
    } catch (InvalidJsonException e) {
      return refused("the request is not JSON: " + e.getMessage());
    }
    List<String> problems = problems(parts.request(), json);
    if (!problems.isEmpty()) {
      return refused("the request does not match its schema: " + String.join("; ", problems));
    }
    int depth = DEPTH.orElse(0) + 1;
    if (depth > MAX_DEPTH) {
      tellPlugin("%d functions of the application are inside one another".formatted(MAX_DEPTH));
      return new Ended(CallOutcome.TOO_DEEP, Refused.QUOTA);
    }
    return run(arguments, json, depth);
  }

  private Ended run(GuestArguments arguments, JsonNode json, int depth) {
    long left = arguments.remainingNanos();
    HostFunctionCall call =
        new HostFunctionCall(
            json, scope.manifest().name(), version, arguments.task(), Duration.ofNanos(left));
    HostFunctionSpec spec = parts.spec();
    Object answer = null;
    Throwable thrown = null;
    try {
      answer = ScopedValue.where(DEPTH, depth).call(() -> spec.handler().handle(call));
    } catch (Exception | StackOverflowError | AssertionError | LinkageError e) {
      thrown = e;
    }
    long leftAfter = arguments.remainingNanos();
    return ended(call, answer, thrown, leftAfter <= 0).after(left - leftAfter);
  }

  /**
   * @param isLate whether the guest ends, whatever the answer is
   */
  private Ended ended(
      HostFunctionCall call, @Nullable Object answer, @Nullable Throwable thrown, boolean isLate) {
    if (thrown instanceof InterruptedException) {
      Thread.currentThread().interrupt();
    }
    if (isLate) {
      return timedOut(call, thrown);
    }
    if (thrown == null) {
      return read(call, answer);
    }
    return switch (thrown) {
      case InterruptedException _ -> new Ended(CallOutcome.INTERRUPTED, Refused.INTERNAL);
      case InvalidRequestException invalid ->
          refused("the function cannot read the request: " + invalid.getMessage());
      default -> failed(CallOutcome.FAILED, call, "failed", thrown);
    };
  }

  private Ended read(HostFunctionCall call, @Nullable Object answer) {
    JsonNode json;
    byte[] bytes;
    try {
      json = answer == null ? NullNode.getInstance() : StrictJson.valueOf(answer);
      bytes = StrictJson.write(json, MAX_ANSWER_BYTES);
    } catch (RuntimeException | StackOverflowError e) {
      return failed(CallOutcome.BAD_ANSWER, call, "gave an answer without a JSON form", e);
    }
    if (bytes == null) {
      return failed(
          CallOutcome.BAD_ANSWER,
          call,
          "gave an answer of more than " + MAX_ANSWER_BYTES + " bytes",
          null);
    }
    List<String> problems = problems(parts.answer(), json);
    return problems.isEmpty()
        ? new Ended(CallOutcome.OK, new HostAnswer.Body(bytes))
        : failed(
            CallOutcome.BAD_ANSWER,
            call,
            "gave an answer that does not match its schema (" + String.join("; ", problems) + ")",
            null);
  }

  private static List<String> problems(@Nullable FunctionSchema schema, JsonNode value) {
    return schema == null ? List.of() : schema.problems(value);
  }

  /** The fault of the guest. Its author sees why. */
  private Ended refused(String why) {
    tellPlugin(why);
    return new Ended(CallOutcome.BAD_REQUEST, Refused.BAD_ARGUMENTS);
  }

  private Ended timedOut(HostFunctionCall call, @Nullable Throwable cause) {
    return failed(
        CallOutcome.TIMED_OUT,
        call,
        "did not end in the %d ms that were left".formatted(call.remaining().toMillis()),
        cause);
  }

  /** The fault of the function. What its exception says is for the operator alone. */
  private Ended failed(
      CallOutcome outcome, HostFunctionCall call, String what, @Nullable Throwable cause) {
    parts
        .failures()
        .happened(call.plugin() + "@" + call.version() + " in " + call.hook(), what, cause);
    tellPlugin("the function did not answer (" + outcome + "); the host's log has the cause");
    return new Ended(
        outcome,
        new HostAnswer.ApplicationFailed("the application's function " + name + " failed"));
  }

  private void tellPlugin(String what) {
    scope.log().write(Level.WARN, "gn_app_call " + name + ": " + what);
  }

  private Timer timer(CallOutcome outcome) {
    if (outcome != CallOutcome.OK) {
      return register(outcome);
    }
    Timer known = succeeded;
    if (known == null) {
      known = register(outcome);
      succeeded = known;
    }
    return known;
  }

  private Timer register(CallOutcome outcome) {
    return Timer.builder("gonext.plugin.app.call")
        .description("Time in a function of the application that a plugin called, by outcome")
        .tag("plugin", scope.manifest().name())
        .tag("function", name)
        .tag("outcome", outcome.name())
        .register(probe.meters());
  }
}
