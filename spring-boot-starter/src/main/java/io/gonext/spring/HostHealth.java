package io.gonext.spring;

import io.gonext.host.Host;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether the host itself works. A plugin or a store in trouble is told and is not a reason to take
 * the application out of service: it serves what is loaded.
 */
final class HostHealth implements HealthIndicator {
  private final Host host;
  private final PluginDeployment plugins;

  HostHealth(Host host, PluginDeployment plugins) {
    this.host = host;
    this.plugins = plugins;
  }

  @Override
  public Health health() {
    Health.Builder health =
        host.health()
            .brokenDown()
            .map(why -> Health.down().withDetail("reason", why))
            .orElseGet(Health::up);
    health.withDetail("warming", host.health().warmUp().isWarming());
    host.health()
        .storeTrouble()
        .ifPresent(trouble -> health.withDetail("storeInTroubleSince", trouble.since().toString()));
    Map<String, String> troubles = new TreeMap<>(plugins.failures());
    troubles.putAll(host.health().troubles());
    if (!troubles.isEmpty()) {
      health.withDetail("degraded", troubles);
    }
    if (host.health().storeTrouble().isEmpty()) {
      health.withDetail(
          "active",
          host.plugins().list().stream()
              .filter(plugin -> plugin.state() == PluginState.ACTIVE)
              .map(StoredPlugin::id)
              .toList());
    }
    return health.build();
  }
}
