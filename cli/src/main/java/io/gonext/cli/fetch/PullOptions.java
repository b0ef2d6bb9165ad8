package io.gonext.cli.fetch;

import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.RegistryMirror;
import io.gonext.host.registry.RegistryProxies;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How commands pull from a registry. */
public final class PullOptions {
  @Option(
      names = "--mirror",
      paramLabel = "REGISTRY=MIRROR",
      converter = MirrorConverter.class,
      description =
          "Ask this host first for what REGISTRY holds, such as docker.io=mirror.example.com."
              + " Repeatable.")
  private List<RegistryMirror> mirrors = new ArrayList<>();

  @Mixin private RegistryOptions registry;

  /** How servers are reached, by the command line or the environment. */
  RegistryProxies proxies() {
    return registry.proxies();
  }

  /** A client that may ask the registries of these references and their mirrors, and no other. */
  public OciClient client(OciReference... references) {
    return registry.client(mirrors, references);
  }
}
