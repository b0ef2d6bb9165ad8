package io.gonext.cli.fetch;

import io.gonext.host.registry.OciClient;
import io.gonext.host.registry.OciReference;
import io.gonext.host.registry.RegistryMirror;
import io.gonext.host.registry.RegistryPattern;
import io.gonext.host.registry.RegistrySettings;
import java.time.Duration;
import java.util.List;
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

  /** A client that may ask the registries of these references, and no other. */
  public OciClient client(OciReference... references) {
    return client(List.of(), references);
  }

  /** As {@link #client(OciReference...)}, with mirrors. */
  public OciClient client(List<RegistryMirror> mirrors, OciReference... references) {
    RegistrySettings.Builder settings = RegistrySettings.builder().timeout(TIMEOUT);
    mirrors.forEach(settings::mirror);
    for (OciReference reference : List.of(references)) {
      settings.allow(new RegistryPattern(reference.registry(), ""));
      if (plainHttp) {
        settings.plainHttp(reference.registry());
      }
    }
    return new OciClient(settings.build());
  }
}
