package io.gonext.host.internal.service.metrics;

import io.gonext.host.manifest.Manifest.Metric;
import java.util.List;

/**
 * What all series of one name share. Prometheus refuses to show a name with two kinds, and tools
 * for metrics cannot add up what has other labels or another unit.
 */
record Shape(Metric.Kind kind, String unit, List<String> labels) {
  static Shape of(Metric metric) {
    return new Shape(metric.kind(), metric.unit(), metric.labelNames());
  }

  /** {@code a counter in bytes with the labels [path, method]}. */
  @Override
  public String toString() {
    return "a "
        + kind
        + (unit.isEmpty() ? "" : " in " + unit)
        + (labels.isEmpty() ? " without labels" : " with the labels " + labels);
  }
}
