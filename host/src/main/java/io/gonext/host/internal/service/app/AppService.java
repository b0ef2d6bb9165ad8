package io.gonext.host.internal.service.app;

import io.gonext.host.HostFunctionSpec;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code gn_app_call} calls a function of the embedding application by its name; {@code
 * gn_users_read} and {@code gn_media_read} call those two that have an import of their own. Each
 * function has its own capability, so the service checks it and not the caller of the service.
 *
 * <p>Thread-safe.
 */
public final class AppService implements HostService {
  private final List<Parts> functions;
  private final Probe probe;

  /** A function and its schemas. */
  record Parts(
      HostFunctionSpec spec,
      @Nullable FunctionSchema request,
      @Nullable FunctionSchema answer,
      FailureLog failures) {}

  /**
   * What watches the calls.
   *
   * @param tracer null for no spans
   */
  record Probe(MeterRegistry meters, @Nullable Tracer tracer) {}

  /**
   * @param telemetry where spans go; {@link OpenTelemetry#noop} for nowhere
   */
  public AppService(
      List<HostFunctionSpec> functions,
      MeterRegistry meters,
      OpenTelemetry telemetry,
      LongSupplier nanoTime) {
    this.functions =
        functions.stream()
            .map(spec ->
                new Parts(
                    spec,
                    spec.requestSchema().map(FunctionSchema::new).orElse(null),
                    spec.answerSchema().map(FunctionSchema::new).orElse(null),
                    new FailureLog(spec.name(), nanoTime)))
            .toList();
    this.probe =
        new Probe(
            meters,
            telemetry.equals(OpenTelemetry.noop()) ? null : telemetry.getTracer("io.gonext.host"));
  }

  /** The time in a function is time in which the guest waits. */
  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Map<String, AppFunction> byName = new HashMap<>();
    for (Parts function : functions) {
      byName.put(function.spec().name(), new AppFunction(function, probe, scope));
    }
    return Map.of(
        new ImportKey("env", "gn_app_call"),
        Body.answering(arguments ->
            call(byName.get(arguments.text(0, HostFunctionSpec.MAX_NAME_LENGTH)), arguments, 2)),
        new ImportKey("env_net", "gn_users_read"),
        Body.answering(arguments -> call(byName.get("users.read"), arguments, 0)),
        new ImportKey("env_net", "gn_media_read"),
        Body.answering(arguments -> call(byName.get("media.read"), arguments, 0)));
  }

  private static HostAnswer call(
      @Nullable AppFunction function, GuestArguments arguments, int request) {
    return function == null ? Refused.NOT_FOUND : function.call(arguments, request);
  }
}
