package io.gonext.host.internal.service.metrics;

import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * {@code gn_metric_observe}: a plugin records the metrics that its manifest declares, in the
 * registry of the application. The values of all labels are known at install, so the number of
 * series is, too.
 */
public final class MetricService implements HostService {
  private static final String CAPABILITY = "metrics.observe";

  private final GuestMeters meters;

  public MetricService(MeterRegistry registry) {
    this.meters = new GuestMeters(registry);
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    VersionMetrics metrics = new VersionMetrics(meters, scope);
    return Map.of(new ImportKey("env", "gn_metric_observe"), Body.answering(metrics::observe));
  }

  @Override
  public void serves(Manifest manifest) {
    meters.serves(manifest);
  }

  @Override
  public void left(String plugin) {
    meters.left(plugin);
  }

  @Override
  public void forget(String plugin) {
    meters.forget(plugin);
  }

  @Override
  public List<String> warnings(Manifest manifest) {
    List<String> warnings = new ArrayList<>();
    if (!manifest.metrics().isEmpty() && !manifest.requests(CAPABILITY)) {
      warnings.add(
          "/metrics: the manifest does not request " + CAPABILITY + ", so that none is recorded");
    }
    for (Manifest.Metric metric : manifest.metrics()) {
      String taken = meters.taken(manifest.name(), metric);
      if (taken != null) {
        warnings.add("/metrics: " + taken);
      }
    }
    return warnings;
  }

  @Override
  public void close() {
    meters.close();
  }
}
