package io.gonext.cli.fetch;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.RegistryMirror;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistryProxies;
import io.gonext.host.registry.RegistrySettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How commands reach a registry, with the credentials of Docker. */
public final class RegistryOptions {
  /** The last lines of the help of each command. */
  public static final String LOGIN =
      "Credentials are those of docker login, podman login or oras login.";

  /** A bundle of 32 MiB over a slow line. */
  private static final Duration TIMEOUT = Duration.ofMinutes(15);

  @Option(
      names = "--plain-http",
      description = "Speak HTTP without TLS to the registry; one on this machine always does.")
  private boolean plainHttp;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "A PEM file with certificate authorities for registries, beside those of the JDK.")
  private @Nullable Path authorities;

  @Option(
      names = "--proxy",
      paramLabel = "URL",
      description = {
        "The HTTP proxy: http://[USER:PASSWORD@]HOST:PORT",
        "(default: $HTTPS_PROXY, $HTTP_PROXY, $NO_PROXY)."
      })
  private @Nullable String proxy;

  /** How servers are reached, by the command line or the environment. */
  RegistryProxies proxies() {
    try {
      return proxy == null
          ? RegistryProxies.of(System.getenv())
          : RegistryProxies.of("--proxy", proxy, System.getenv());
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(CommandFailure.Kind.USAGE, String.valueOf(e.getMessage()));
    }
  }

  /** A client that may ask the registries of these references, and no other. */
  public OciClient client(OciReference... references) {
    return client(List.of(), references);
  }

  /** As {@link #client(OciReference...)}, with mirrors. */
  public OciClient client(List<RegistryMirror> mirrors, OciReference... references) {
    RegistrySettings.Builder settings = RegistrySettings.builder().timeout(TIMEOUT);
    mirrors.forEach(settings::mirror);
    settings.proxies(proxies());
    if (authorities != null) {
      settings.authorities(authorities);
    }
    for (OciReference reference : List.of(references)) {
      settings.allow(new RegistryPattern(reference.registry(), ""));
      if (plainHttp) {
        settings.plainHttp(reference.registry());
      }
    }
    return new OciClient(settings.build());
  }
}
