package io.gonext.spring;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.ConflictException;
import io.gonext.host.Delivery;
import io.gonext.host.DeployResult;
import io.gonext.host.Host;
import io.gonext.host.HostException;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.PluginState;
import io.gonext.host.RegistryException;
import io.gonext.host.StoredPlugin;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Sha256;
import io.gonext.host.registry.OciReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.env.Environment;
import org.springframework.core.io.Resource;
import org.springframework.core.io.ResourceLoader;
import tools.jackson.databind.node.ObjectNode;

/**
 * Brings the plugins of {@code gonext.plugins} into service: bundle, configuration, secrets and
 * grants. What is so already stays as it is, so that a start that changes nothing records nothing.
 */
final class PluginDeployment {
  private static final Logger log = LoggerFactory.getLogger(PluginDeployment.class);

  private static final String CLASSPATH = "classpath:";
  private static final String FILE = "file:";

  private final Map<String, GonextProperties.Plugin> plugins;
  private final ResourceLoader resources;
  private final Environment environment;

  /** Why plugins that are not required are not as their properties say, by name. */
  private final Map<String, String> failures = new ConcurrentHashMap<>();

  /**
   * @throws GonextStartException when a secret is not a reference
   */
  PluginDeployment(
      Map<String, GonextProperties.Plugin> plugins,
      ResourceLoader resources,
      Environment environment) {
    plugins.forEach((name, plugin) ->
        plugin
            .secrets()
            .forEach((secret, reference) -> Reference.require(named(name, secret), reference)));
    this.plugins = plugins;
    this.resources = resources;
    this.environment = environment;
  }

  Map<String, String> failures() {
    return Map.copyOf(failures);
  }

  /**
   * Deploys all plugins, in their order.
   *
   * @throws GonextStartException when one that is required cannot be deployed
   */
  void run(Host host) throws InterruptedException {
    for (Map.Entry<String, GonextProperties.Plugin> each : plugins.entrySet()) {
      String name = each.getKey();
      try {
        host.audit().recordedAs("application", () -> deploy(host, name, each.getValue()));
      } catch (HostException | GonextStartException e) {
        String sentence = "the plugin " + name + " cannot be deployed: " + e.getMessage();
        if (each.getValue().required()) {
          throw new GonextStartException(sentence, e);
        }
        failures.put(name, String.valueOf(e.getMessage()));
        log.warn("{}", sentence);
      }
    }
  }

  private void deploy(Host host, String name, GonextProperties.Plugin plugin)
      throws InterruptedException {
    Delivery delivery;
    try {
      delivery = delivery(host, plugin.location());
    } catch (RegistryException e) {
      // A registry that is away is not a reason to be away, too.
      if (e.kind() == RegistryException.Kind.UNAVAILABLE && isActive(host, name)) {
        log.warn("the plugin {} serves as it is: {}", name, e.getMessage());
        settle(host, name, plugin);
        return;
      }
      throw e;
    }
    String sha256 = Sha256.hex(delivery.bundle());
    if (plugin.sha256() != null && !plugin.sha256().equals(sha256)) {
      throw new BundleRejectedException(
          "the bundle at "
              + plugin.location()
              + " has the SHA-256 "
              + sha256
              + ", not the one in "
              + "gonext.plugins."
              + name
              + ".sha256");
    }
    String named = Bundle.read(delivery.bundle()).manifest().name();
    if (!named.equals(name)) {
      throw new BundleRejectedException(
          "the bundle at "
              + plugin.location()
              + " is of the plugin "
              + named
              + ": write gonext.plugins."
              + named);
    }
    Optional<StoredPlugin> installed = host.plugins().find(name);
    if (installed.isEmpty()) {
      var _ = host.plugins().install(delivery);
      settle(host, name, plugin);
    } else if (!installed.get().current().sha256().equals(sha256)) {
      settleForNext(host, name, plugin);
    }
    DeployResult result = host.plugins().deploy(delivery, plugin.grants());
    if (result.action() == DeployResult.Action.AWAITING_APPROVAL) {
      log.warn(
          "the plugin {}@{} waits for approval, {} serves: add what it requests to"
              + " gonext.plugins.{}.grants, or approve it",
          name,
          result.version(),
          result.from(),
          name);
    } else {
      settle(host, name, plugin);
    }
    result.warnings().forEach(warning -> log.warn("the plugin {}: {}", name, warning));
  }

  private static boolean isActive(Host host, String name) {
    return host.plugins()
        .find(name)
        .filter(plugin -> plugin.state() == PluginState.ACTIVE)
        .isPresent();
  }

  private Delivery delivery(Host host, String location) throws InterruptedException {
    if (OciReference.isReference(location)) {
      return Delivery.fetched(host.plugins().pull(OciReference.parse(location)));
    }
    if (location.startsWith(CLASSPATH)) {
      Resource resource = resources.getResource(location);
      try (InputStream in = resource.getInputStream()) {
        return Delivery.of(in.readAllBytes());
      } catch (IOException e) {
        throw new BundleRejectedException(
            location + " cannot be read: is it in src/main/resources, and in the jar?");
      }
    }
    return Delivery.read(
        Path.of(location.startsWith(FILE) ? location.substring(FILE.length()) : location));
  }

  /** Sets what the version in service takes already, before it is replaced. */
  private void settleForNext(Host host, String name, GonextProperties.Plugin plugin) {
    try {
      settle(host, name, plugin);
    } catch (ConflictException | InvalidConfigException e) {
      log.debug("the plugin {} takes its settings with its next version: {}", name, e.getMessage());
    }
  }

  private void settle(Host host, String name, GonextProperties.Plugin plugin) {
    if (!plugin.config().isEmpty()) {
      var now = host.configs().get(name);
      ObjectNode values = ConfigValues.of(plugin.config(), now.schema());
      // What is hidden cannot be compared, so it is set again.
      if (!ConfigValues.areSame(now.values(), values)) {
        var _ = host.configs().replace(name, OptionalLong.empty(), values);
      }
    }
    plugin
        .secrets()
        .forEach((secret, reference) -> {
          byte[] value =
              Reference.resolve(
                      "the secret " + secret + " of the plugin " + name, reference, environment)
                  .getBytes(StandardCharsets.UTF_8);
          try {
            var _ = host.secrets().setIfChanged(name, secret, value);
          } finally {
            Arrays.fill(value, (byte) 0);
          }
        });
  }

  private static String named(String plugin, String secret) {
    return "the secret " + secret + " of the plugin " + plugin;
  }
}
