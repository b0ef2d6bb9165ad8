package io.gonext.host.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gonext.guests.DockerRegistry;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/** Clients for tests: they may ask every registry, and do not wait between attempts. */
final class TestClients {
  private TestClients() {}

  /** The pauses of all clients of a test are kept here instead of being made. */
  static OciClient client(
      Path directory, List<Duration> pauses, UnaryOperator<RegistrySettings.Builder> settings) {
    return client(directory, pauses, settings, InetAddress::getAllByName);
  }

  static OciClient client(
      Path directory,
      List<Duration> pauses,
      UnaryOperator<RegistrySettings.Builder> settings,
      io.gonext.host.internal.service.http.NameLookup lookup) {
    RegistrySettings set =
        settings
            .apply(
                RegistrySettings.builder()
                    .allow(RegistryPattern.ANY)
                    .dockerConfig(directory.resolve("config.json")))
            .build();
    return new OciClient(
        set,
        new OciClient.Parts(
            lookup,
            () -> OciClient.tls(set),
            new CredentialProgram(List.of(directory), Duration.ofSeconds(20)),
            pauses::add,
            new Random(1),
            System::nanoTime));
  }

  static OciClient client(Path directory) {
    return client(directory, new CopyOnWriteArrayList<>(), settings -> settings);
  }

  /** Skips the test that asked where the registry is not installed, or fails it in CI. */
  static void requireRegistry() {
    boolean isThere = DockerRegistry.program().isPresent();
    boolean isRequired =
        List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1))
            .contains("docker-registry");
    assertThat(isThere || !isRequired).as(DockerRegistry.MISSING).isTrue();
    assumeTrue(isThere, DockerRegistry.MISSING);
  }
}
