package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.store.StoreFixture;
import io.gonext.host.trust.TrustPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that brings its plugins along, and deploys them at each start. */
@Tag("slow")
class DeployTest {
  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(config(data));
  }

  @AfterEach
  void every_lease_came_back() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void the_first_start_installs_the_next_does_nothing_and_an_upgrade_updates() throws Exception {
    DeployResult first = host.plugins().deploy(version("1").bytes(), Set.of());
    assertThat(first.action()).isEqualTo(DeployResult.Action.INSTALLED);
    assertThat(first.from()).isEmpty();
    assertThat(first.activated()).isTrue();
    assertThat(served()).isEqualTo("1");

    host.close();
    host = Host.open(config(data));
    DeployResult same = host.plugins().deploy(version("1").bytes(), Set.of());
    assertThat(same.action()).isEqualTo(DeployResult.Action.UNCHANGED);
    assertThat(same.activated()).isFalse();

    DeployResult next = host.plugins().deploy(version("2").bytes(), Set.of());
    assertThat(next.action()).isEqualTo(DeployResult.Action.UPDATED);
    assertThat(next.from()).isEqualTo("1.0.0");
    assertThat(next.version()).isEqualTo("2.0.0");
    assertThat(next.activated()).isFalse();
    assertThat(served()).isEqualTo("2");
    assertThat(host.audit().newest("app", 10))
        .extracting(AuditRow::event)
        .containsOnly("deploy")
        .hasSize(2);
  }

  @Test
  void a_file_is_deployed_as_its_bytes_are() throws Exception {
    Path file = Files.write(data.resolve("app.gnplugin"), version("1").bytes());
    assertThat(host.plugins().deploy(file, Set.of()).action())
        .isEqualTo(DeployResult.Action.INSTALLED);
    assertThat(host.plugins().deploy(version("1").bytes(), Set.of()).action())
        .isEqualTo(DeployResult.Action.UNCHANGED);
  }

  @Test
  void a_deploy_of_the_same_version_activates_an_inactive_plugin() throws Exception {
    host.plugins().deploy(version("1").bytes(), Set.of());
    host.plugins().deactivate("app");
    DeployResult result = host.plugins().deploy(version("1").bytes(), Set.of());
    assertThat(result.action()).isEqualTo(DeployResult.Action.UNCHANGED);
    assertThat(result.activated()).isTrue();
    assertThat(served()).isEqualTo("1");
  }

  @Test
  void a_deploy_grants_named_capabilities_and_warns_of_the_rest() throws Exception {
    DeployResult result =
        host.plugins().deploy(asking("1", "kv.read", "kv.write"), Set.of("kv.read"));
    assertThat(result.granted()).containsExactly("kv.read");
    assertThat(host.plugins().grants("app").granted()).containsExactly("kv.read");
    assertThat(result.warnings()).singleElement().asString().contains("kv.write");
  }

  @Test
  void a_deploy_does_not_grant_what_an_operator_revoked() throws Exception {
    host.plugins().deploy(asking("1", "kv.read"), Set.of("kv.read"));
    host.plugins().revoke("app", "kv.read");
    assertThat(host.plugins().deploy(asking("1", "kv.read"), Set.of("kv.read")).granted())
        .isEmpty();
    assertThat(host.plugins().grants("app").granted()).isEmpty();
    host.plugins().deploy(asking("2", "kv.read"), Set.of("kv.read"));
    assertThat(host.plugins().grants("app").granted()).isEmpty();
  }

  @Test
  void an_upgrade_that_asks_for_more_is_made_with_what_is_named_and_no_more() throws Exception {
    host.plugins().deploy(asking("1", "kv.read", "kv.write"), Set.of("kv.read"));
    DeployResult result =
        host.plugins()
            .deploy(
                asking("2", "kv.read", "kv.write", "audit.emit"), Set.of("kv.read", "audit.emit"));
    assertThat(result.action()).isEqualTo(DeployResult.Action.UPDATED);
    assertThat(host.plugins().grants("app").granted()).containsExactly("audit.emit", "kv.read");
  }

  @Test
  void an_upgrade_that_asks_for_more_than_is_named_waits_and_the_old_one_serves() throws Exception {
    host.plugins().deploy(asking("1", "kv.read"), Set.of("kv.read"));
    DeployResult result =
        host.plugins().deploy(asking("2", "kv.read", "audit.emit"), Set.of("kv.read"));
    assertThat(result.action()).isEqualTo(DeployResult.Action.AWAITING_APPROVAL);
    assertThat(served()).isEqualTo("1");
    host.plugins().approve("app", result.sha256());
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void an_upgrade_that_reaches_more_waits_unless_the_capability_is_named() throws Exception {
    host.plugins().deploy(fetching("1", "a.example"), Set.of("http.fetch"));
    byte[] wider = fetching("2", "b.example");
    assertThat(host.plugins().deploy(wider, Set.of()).action())
        .isEqualTo(DeployResult.Action.AWAITING_APPROVAL);
    assertThat(served(host)).isEqualTo("1");
    assertThat(host.plugins().deploy(wider, Set.of("http.fetch")).action())
        .isEqualTo(DeployResult.Action.UPDATED);
    assertThat(served(host)).isEqualTo("2");
  }

  @Test
  void a_capability_that_the_bundle_does_not_ask_for_is_refused_before_anything() {
    assertThatThrownBy(() -> host.plugins().deploy(version("1").bytes(), Set.of("kv.read")))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("does not ask for kv.read");
    assertThat(host.plugins().list()).isEmpty();
  }

  @Test
  void a_version_that_cannot_serve_leaves_the_old_one_in_service() throws Exception {
    host.plugins().deploy(version("1").bytes(), Set.of());
    assertThatThrownBy(() -> host.plugins().deploy(new byte[10], Set.of()))
        .isInstanceOf(BundleRejectedException.class);
    byte[] refusing =
        GuestBundle.of("app", Guests.wasm("refuses")).version("2.0.0").filter("version").bytes();
    assertThatThrownBy(() -> host.plugins().deploy(refusing, Set.of()))
        .isInstanceOf(ActivationException.class);
    assertThat(served()).isEqualTo("1");
  }

  @Test
  void of_nodes_that_deploy_at_once_one_does_it_and_the_others_see_it_done(
      @TempDir Path two, @TempDir Path three) throws Exception {
    Database database = StoreFixture.POSTGRESQL.create();
    List<Host> nodes = new ArrayList<>();
    try {
      for (Path directory : List.of(two, three)) {
        nodes.add(Host.open(config(directory).toBuilder().database(database).build()));
      }
      for (String version : List.of("1", "2")) {
        List<DeployResult.Action> actions = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
          List<Future<DeployResult>> results = new ArrayList<>();
          for (Host node : nodes) {
            results.add(
                threads.submit(() -> node.plugins().deploy(version(version).bytes(), Set.of())));
          }
          for (Future<DeployResult> result : results) {
            actions.add(result.get().action());
          }
        }
        assertThat(actions)
            .containsExactlyInAnyOrder(
                version.equals("1") ? DeployResult.Action.INSTALLED : DeployResult.Action.UPDATED,
                DeployResult.Action.UNCHANGED);
        for (Host node : nodes) {
          assertThat(node.plugins().find("app").orElseThrow().state())
              .isEqualTo(PluginState.ACTIVE);
          await().atMost(Duration.ofSeconds(20)).until(() -> served(node).equals(version));
        }
      }
    } finally {
      nodes.forEach(Host::close);
    }
  }

  private static HostConfig config(Path directory) {
    return HostConfig.builder(directory)
        .trust(TrustPolicy.off())
        .updates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO))
        .build();
  }

  private static GuestBundle version(String number) throws IOException {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .filter("version");
  }

  private static byte[] fetching(String number, String origin) throws IOException {
    return version(number)
        .field("capabilities", "[\"http.fetch\"]")
        .field("http", "{\"fetch\":{\"allow\":[\"" + origin + "\"]}}")
        .bytes();
  }

  private static byte[] asking(String number, String... capabilities) throws IOException {
    return version(number)
        .field("capabilities", "[\"" + String.join("\",\"", capabilities) + "\"]")
        .bytes();
  }

  private String served() throws InterruptedException {
    return served(host);
  }

  private static String served(Host node) throws InterruptedException {
    return switch (node.applyFilters("version", "x").value().path("body").asString("")) {
      case "MQ==" -> "1";
      case "Mg==" -> "2";
      default -> "none";
    };
  }
}
