package io.gonext.host.internal.service.secrets;

import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.GuestArguments;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.manifest.Manifest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code gn_secrets_get}: a plugin reads a secret that its manifest names, and not as {@code
 * inject_only}.
 */
public final class SecretService implements HostService {
  private static final int MAX_NAME_BYTES = 128;

  private final Vault vault;

  public SecretService(Vault vault) {
    this.vault = vault;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    Body get = Body.answering(arguments -> get(scope, arguments));
    return Map.of(
        new ImportKey("env", "gn_secrets_get"), get,
        new ImportKey("env_platform", "gn_secrets_get"), get);
  }

  private HostAnswer get(PluginScope scope, GuestArguments arguments) {
    Manifest manifest = scope.manifest();
    String name = arguments.text(0, MAX_NAME_BYTES);
    Optional<Manifest.Secret> declared =
        manifest.secrets().stream().filter(secret -> secret.name().equals(name)).findFirst();
    if (declared.isEmpty()) {
      return new HostAnswer.Explained(
          Refused.DENIED, "the manifest does not name this secret in secrets.keys");
    }
    if (declared.get().injectOnly()) {
      return new HostAnswer.Explained(
          Refused.DENIED,
          "the secret %s is for HTTP requests only: write {{secret:%s}} in a header or the URL of"
                  .formatted(name, name)
              + " gn_http_fetch");
    }
    try {
      return vault
          .value(manifest.name(), name)
          .<HostAnswer>map(HostAnswer.Confidential::new)
          .orElse(Refused.NOT_FOUND);
    } catch (StoreException e) {
      return new HostAnswer.Unavailable("the plugin's secrets could not be read");
    }
  }

  @Override
  public void refresh(String plugin) {
    vault.refresh(plugin);
  }

  @Override
  public void forget(String plugin) {
    vault.refresh(plugin);
  }

  @Override
  public List<String> obstacles(Manifest manifest) {
    Set<String> set = vault.names(manifest.name());
    List<String> missing = new ArrayList<>();
    for (Manifest.Secret secret : manifest.secrets()) {
      if (secret.required() && !set.contains(secret.name())) {
        missing.add(
            "the secret %s has no value: set it with gonext secret set %s %s"
                .formatted(secret.name(), manifest.name(), secret.name()));
      }
    }
    return missing;
  }
}
