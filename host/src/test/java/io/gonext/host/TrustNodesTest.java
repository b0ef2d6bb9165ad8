package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.store.TestPostgres;
import io.gonext.host.trust.TestPublisher;
import io.gonext.host.trust.TrustPolicy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two hosts on one PostgreSQL database, of which one takes only signed bundles. */
@Tag("slow")
class TrustNodesTest {
  private static final Duration BOUND = Duration.ofSeconds(20);

  private static final TestPublisher ACME = TestPublisher.of("acme");

  private final Database database = Database.postgreSql(TestPostgres.createDatabase());
  @TempDir private Path one;
  @TempDir private Path two;
  private Host lax;
  private Host strict;

  @BeforeEach
  void open() throws Exception {
    Files.writeString(two.resolve("trust.json"), policy("", ""));
    lax = Host.open(HostConfig.builder(one).database(database).build());
    strict = Host.open(HostConfig.builder(two).database(database).build());
  }

  @AfterEach
  void close() {
    lax.close();
    strict.close();
  }

  private static String policy(String more, String ofKey) {
    return "{"
        + more
        + "\"publishers\": ["
        + ACME.entry(ofKey)
        + "], \"rules\": [{\"publishers\": [\"acme\"]}]}";
  }

  private static byte[] version(String version) {
    return GuestBundle.of("app", Guests.wasm("upper")).version(version).filter("h").bytes();
  }

  private static Delivery signed(byte[] bundle) {
    return Delivery.of(bundle).withSignatures(List.of(ACME.sign(bundle)));
  }

  private static String served(Host host) {
    return host.health().pools().isEmpty()
        ? "nothing"
        : host.plugins().find("app").orElseThrow().current().version();
  }

  private void awaitFault(Host host, String why) {
    await()
        .atMost(BOUND)
        .untilAsserted(() ->
            assertThat(host.health().faults())
                .singleElement()
                .satisfies(fault -> assertThat(fault.cause()).contains(why)));
  }

  @Test
  void a_node_refuses_what_its_own_policy_refuses() throws Exception {
    lax.plugins().deploy(version("1.0.0"), Set.of());
    awaitFault(strict, "is not signed");
    assertThat(strict.health().pools()).isEmpty();
    assertThat(served(lax)).isEqualTo("1.0.0");

    // The signature is enough for the other node, and it comes by the store.
    lax.plugins().install(signed(version("1.0.0")));
    await().atMost(BOUND).until(() -> !strict.health().pools().isEmpty());
    await().atMost(BOUND).until(() -> strict.health().faults().isEmpty());

    lax.plugins().update(version("2.0.0"));
    awaitFault(strict, "app@2.0.0 is not signed");
    assertThat(strict.applyFilters("h", "x").value().stringValue())
        .as("what served before serves on")
        .isEqualTo("X");
    assertThat(strict.health().troubles().get("app")).contains("is not signed");
    assertThat(lax.plugins().find("app").orElseThrow().state()).isEqualTo(PluginState.ACTIVE);
  }

  @Test
  void a_node_that_joins_checks_the_store_by_its_own_policy(@TempDir Path three) throws Exception {
    lax.plugins().deploy(version("1.0.0"), Set.of());
    HostConfig config =
        HostConfig.builder(three)
            .database(database)
            .trust(TrustPolicy.parse(policy("", "").getBytes(StandardCharsets.UTF_8)))
            .build();
    try (Host joins = Host.open(config)) {
      assertThat(joins.health().pools()).isEmpty();
      assertThat(joins.health().faults())
          .singleElement()
          .satisfies(fault -> assertThat(fault.cause()).contains("is not signed"));
    }
  }

  @Test
  void a_version_of_a_development_host_is_refused_elsewhere() throws Exception {
    GuestBundle bundle = GuestBundle.of("app", Guests.wasm("upper")).filter("h");
    lax.plugins().develop(bundle.manifest().getBytes(StandardCharsets.UTF_8), Guests.wasm("upper"));
    awaitFault(strict, "uploaded by gonext plugin dev");
  }

  @Test
  void a_change_of_the_file_stops_what_serves_on_that_node_alone() throws Exception {
    lax.plugins().deploy(signed(version("1.0.0")), Set.of());
    await().atMost(BOUND).until(() -> !strict.health().pools().isEmpty());
    Files.writeString(
        two.resolve("trust.json"), policy("\"on_revoke\": \"stop\", ", ", \"revoked\": true"));
    await().atMost(BOUND).until(() -> strict.health().pools().isEmpty());
    awaitFault(strict, "is revoked");
    assertThat(served(lax)).isEqualTo("1.0.0");
    assertThat(strict.plugins().find("app").orElseThrow().state()).isEqualTo(PluginState.ACTIVE);

    Files.writeString(two.resolve("trust.json"), policy("", ""));
    await().atMost(BOUND).until(() -> !strict.health().pools().isEmpty());
  }
}
