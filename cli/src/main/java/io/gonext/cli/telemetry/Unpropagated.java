package io.gonext.cli.telemetry;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.logs.LoggerProvider;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.TracerProvider;
import io.opentelemetry.context.propagation.ContextPropagators;

/** Telemetry whose traces end at this host: no request to another server carries one. */
record Unpropagated(OpenTelemetry to) implements OpenTelemetry {
  @Override
  public TracerProvider getTracerProvider() {
    return to.getTracerProvider();
  }

  @Override
  public MeterProvider getMeterProvider() {
    return to.getMeterProvider();
  }

  @Override
  public LoggerProvider getLogsBridge() {
    return to.getLogsBridge();
  }

  @Override
  public ContextPropagators getPropagators() {
    return ContextPropagators.noop();
  }
}
