package io.gonext.host.internal.service.config;

import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.manifest.Manifest;
import java.util.List;
import java.util.Map;

/**
 * {@code gn_config_get}: a plugin reads its own configuration. All calls of a run see one version.
 */
public final class ConfigService implements HostService {
  private static final int MAX_KEY_BYTES = 256;

  private final Configurations configurations;

  public ConfigService(Configurations configurations) {
    this.configurations = configurations;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    LiveConfig live = configurations.of(scope.manifest());
    return Map.of(
        new ImportKey("env", "gn_config_get"),
        Body.answering(arguments -> {
          String key = arguments.text(0, MAX_KEY_BYTES);
          byte[] json = arguments.once(live, live::current).get(key);
          return json == null ? Refused.NOT_FOUND : new HostAnswer.Body(json);
        }));
  }

  @Override
  public void refresh(String plugin) {
    configurations.refresh(plugin);
  }

  @Override
  public void forget(String plugin) {
    configurations.forget(plugin);
  }

  @Override
  public List<String> obstacles(Manifest manifest) {
    return configurations.problems(manifest).stream()
        .map(problem -> "the configuration does not match config.schema: " + problem)
        .toList();
  }
}
